package io.infernet.node.config;

import static java.util.Objects.requireNonNull;

import io.infernet.discovery.directory.NetworkName;
import io.infernet.discovery.directory.PriceList;
import io.infernet.discovery.directory.ProviderPolicy;
import io.infernet.inference.batching.BatcherConfig;
import io.infernet.inference.engine.DeviceChoice;
import io.infernet.inference.engine.remote.BackendConfig;
import io.infernet.inference.model.ModelName;
import io.infernet.libp2p.multiformats.Multiaddr;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Everything that can be set for one node, as the assembly hands it out to the components.
 *
 * @param home where its state lives
 * @param roles what it does; not empty
 * @param region where it stands, if it says so
 * @param policy what it does not work on for others
 * @param api empty for a node without one
 * @param backends servers whose models it uses
 * @param price what this node takes for its work
 */
public record NodeConfig(
    NodeHome home,
    Set<Role> roles,
    Optional<String> region,
    ProviderPolicy policy,
    Network network,
    Optional<Api> api,
    Models models,
    Engine engine,
    BackendConfig backends,
    PriceList price,
    Job job) {

  /**
   * The libp2p side.
   *
   * @param name of the network to be part of
   * @param listen addresses to bind; empty binds none
   * @param bootstrap peers to connect to first, each with {@code /p2p}, or lists of them
   * @param mdns whether nodes on the local network find one another
   * @param dht whether to answer others in the DHT
   * @param maxConnections at once
   */
  public record Network(
      NetworkName name,
      List<Multiaddr> listen,
      List<Multiaddr> bootstrap,
      boolean mdns,
      DhtMode dht,
      int maxConnections) {
    public Network {
      requireNonNull(name, "name is null");
      requireNonNull(dht, "dht is null");
      listen = List.copyOf(listen);
      bootstrap = List.copyOf(bootstrap);
    }
  }

  /**
   * The local HTTP API.
   *
   * @param address where it listens
   * @param key required as a bearer token when not empty
   * @param maxBodyBytes largest request body
   * @param maxRequests answered at once
   */
  public record Api(HostAndPort address, String key, int maxBodyBytes, int maxRequests) {
    public Api {
      requireNonNull(address, "address is null");
      requireNonNull(key, "key is null");
      if (maxBodyBytes < 1 || maxRequests < 1) {
        throw new IllegalArgumentException("limits of the API must be positive");
      }
      if (key.isEmpty() && !address.isLoopback()) {
        throw new ConfigException(
            "api.address "
                + address
                + " can be reached from other machines: set "
                + Settings.API_KEY.environmentVariable()
                + " (or api.key in config.toml), or listen on 127.0.0.1");
      }
    }
  }

  /**
   * Which models are kept ready.
   *
   * @param warm loaded at start and kept
   * @param keepAlive how long others stay that nobody uses; zero for as long as there is room
   */
  public record Models(List<ModelName> warm, Duration keepAlive) {
    public Models {
      requireNonNull(keepAlive, "keepAlive is null");
      warm = List.copyOf(warm);
    }
  }

  /**
   * How this machine computes.
   *
   * @param device where
   * @param requireGpu whether not to run without a GPU
   * @param libtorch folder of another native library, if not the built-in one
   * @param threads 0 for one per core
   * @param memoryBudget bytes for all models; 0 for most of what there is
   * @param kvBudget bytes for the keys and values of one model; 0 for a share
   * @param maxContext most tokens of one sequence
   * @param batching how answers of one model share its steps
   * @param maxTokensPerSecond of one answer; 0 for no limit
   */
  public record Engine(
      DeviceChoice device,
      boolean requireGpu,
      Optional<Path> libtorch,
      int threads,
      long memoryBudget,
      long kvBudget,
      int maxContext,
      BatcherConfig batching,
      double maxTokensPerSecond) {
    public Engine {
      requireNonNull(device, "device is null");
      requireNonNull(libtorch, "libtorch is null");
      requireNonNull(batching, "batching is null");
      if (threads < 0 || !(maxTokensPerSecond >= 0)) {
        throw new IllegalArgumentException("limits of the engine must not be negative");
      }
    }
  }

  /**
   * What jobs of this node's users may take.
   *
   * @param deadline in all, where the request does not say
   * @param firstTokenTimeout to a provider's first token
   * @param tokenTimeout between a provider's tokens
   * @param maxPrice in millionths of the currency's unit, where the request does not say
   */
  public record Job(
      Duration deadline, Duration firstTokenTimeout, Duration tokenTimeout, long maxPrice) {
    public Job {
      if (!isPositive(deadline) || !isPositive(firstTokenTimeout) || !isPositive(tokenTimeout)) {
        throw new IllegalArgumentException("a timeout of jobs is not above 0");
      }
      if (maxPrice < 0) {
        throw new IllegalArgumentException("maxPrice is negative: " + maxPrice);
      }
    }

    private static boolean isPositive(Duration value) {
      return !value.isNegative() && !value.isZero();
    }
  }

  public NodeConfig {
    requireNonNull(home, "home is null");
    requireNonNull(region, "region is null");
    requireNonNull(policy, "policy is null");
    requireNonNull(network, "network is null");
    requireNonNull(api, "api is null");
    requireNonNull(models, "models is null");
    requireNonNull(engine, "engine is null");
    requireNonNull(backends, "backends is null");
    requireNonNull(price, "price is null");
    requireNonNull(job, "job is null");
    if (roles.isEmpty()) {
      throw new ConfigException("node.roles is empty: a node is a provider, a client or both");
    }
    roles = Set.copyOf(roles);
  }

  /** The configuration that {@code settings} describe. */
  public static NodeConfig of(NodeHome home, ResolvedSettings settings) {
    List<Role> roles = settings.get(Settings.ROLES);
    return new NodeConfig(
        home,
        roles.isEmpty() ? Set.of() : EnumSet.copyOf(roles),
        Optional.of(settings.get(Settings.REGION)).filter(region -> !region.isEmpty()),
        new ProviderPolicy(settings.get(Settings.REFUSES)),
        new Network(
            settings.get(Settings.NETWORK),
            settings.get(Settings.LISTEN),
            settings.get(Settings.BOOTSTRAP),
            settings.get(Settings.MDNS),
            settings.get(Settings.DHT),
            settings.get(Settings.MAX_CONNECTIONS)),
        Optional.of(
            new Api(
                settings.get(Settings.API_ADDRESS),
                settings.get(Settings.API_KEY),
                settings.get(Settings.API_MAX_BODY_BYTES),
                settings.get(Settings.API_MAX_REQUESTS))),
        new Models(settings.get(Settings.WARM_MODELS), settings.get(Settings.MODELS_KEEP_ALIVE)),
        engine(settings),
        BackendConfig.defaults()
            .with(
                settings.get(Settings.BACKEND_URLS),
                settings.get(Settings.BACKEND_DISCOVER),
                settings.get(Settings.BACKEND_API_KEY),
                settings.get(Settings.BACKEND_MAX_REQUESTS)),
        new PriceList(
            settings.get(Settings.PRICE_BASE), settings.get(Settings.PRICE_PER_1000_TOKENS)),
        new Job(
            settings.get(Settings.JOB_DEADLINE),
            settings.get(Settings.JOB_FIRST_TOKEN_TIMEOUT),
            settings.get(Settings.JOB_TOKEN_TIMEOUT),
            settings.get(Settings.JOB_MAX_PRICE)));
  }

  private static Engine engine(ResolvedSettings settings) {
    int threads = settings.get(Settings.ENGINE_THREADS);
    String libtorch = settings.get(Settings.ENGINE_LIBTORCH);
    BatcherConfig usual = BatcherConfig.defaults();
    int chunk = settings.get(Settings.ENGINE_PREFILL_CHUNK);
    return new Engine(
        settings.get(Settings.ENGINE_DEVICE),
        settings.get(Settings.ENGINE_REQUIRE_GPU),
        libtorch.isEmpty() ? Optional.empty() : Optional.of(Path.of(libtorch)),
        threads,
        settings.get(Settings.ENGINE_MEMORY_BUDGET),
        settings.get(Settings.ENGINE_KV_BUDGET),
        settings.get(Settings.ENGINE_MAX_CONTEXT),
        new BatcherConfig(
            settings.get(Settings.ENGINE_MAX_BATCH),
            usual.maxWaiting(),
            chunk,
            Math.min(chunk, usual.mixedTokens()),
            usual.growth(),
            settings.get(Settings.ENGINE_PREFIX_CACHE) ? usual.maxKept() : 0,
            usual.leastShared(),
            threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
            settings.get(Settings.ENGINE_DETERMINISTIC)),
        settings.get(Settings.ENGINE_MAX_TOKENS_PER_SECOND));
  }

  /** The same node without an API. */
  public NodeConfig withoutApi() {
    return new NodeConfig(
        home,
        roles,
        region,
        policy,
        network,
        Optional.empty(),
        models,
        engine,
        backends,
        price,
        job);
  }

  /**
   * A node for a moment, on the same settings: reachable by nobody, working for nobody else, and
   * without an API.
   */
  public NodeConfig shortLived() {
    return new NodeConfig(
        home,
        Set.of(Role.CLIENT),
        region,
        policy,
        new Network(
            network.name(),
            List.of(),
            network.bootstrap(),
            network.mdns(),
            DhtMode.CLIENT,
            network.maxConnections()),
        Optional.empty(),
        new Models(List.of(), models.keepAlive()),
        engine,
        backends,
        price,
        job);
  }

  /** Whether this node has {@code role}. */
  public boolean is(Role role) {
    return roles.contains(role);
  }
}
