package io.infernet.node.config;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.model.ModelName;
import io.infernet.libp2p.multiformats.Multiaddr;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Everything that can be set for one node, as the assembly hands it out to the components.
 *
 * @param home where its state lives
 * @param roles what it does; not empty
 */
public record NodeConfig(
    NodeHome home,
    Set<Role> roles,
    Network network,
    Api api,
    Models models,
    Engine engine,
    Job job) {

  /**
   * The libp2p side.
   *
   * @param listen addresses to bind; empty binds none
   * @param bootstrap peers to connect to first, each with {@code /p2p}
   */
  public record Network(List<Multiaddr> listen, List<Multiaddr> bootstrap) {
    public Network {
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
   */
  public record Models(List<ModelName> warm) {
    public Models {
      warm = List.copyOf(warm);
    }
  }

  /**
   * How this machine computes.
   *
   * @param threads 0 for one per core
   * @param maxTokensPerSecond of one answer; 0 for no limit
   */
  public record Engine(int threads, double maxTokensPerSecond) {
    public Engine {
      if (threads < 0 || !(maxTokensPerSecond >= 0)) {
        throw new IllegalArgumentException("limits of the engine must not be negative");
      }
    }
  }

  /** How long jobs may take: in all, to the first token, and between tokens. */
  public record Job(Duration deadline, Duration firstTokenTimeout, Duration tokenTimeout) {
    public Job {
      if (deadline.isNegative() || firstTokenTimeout.isNegative() || tokenTimeout.isNegative()) {
        throw new IllegalArgumentException("a timeout is negative");
      }
    }
  }

  public NodeConfig {
    requireNonNull(home, "home is null");
    requireNonNull(network, "network is null");
    requireNonNull(api, "api is null");
    requireNonNull(models, "models is null");
    requireNonNull(engine, "engine is null");
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
        new Network(settings.get(Settings.LISTEN), settings.get(Settings.BOOTSTRAP)),
        new Api(
            settings.get(Settings.API_ADDRESS),
            settings.get(Settings.API_KEY),
            settings.get(Settings.API_MAX_BODY_BYTES),
            settings.get(Settings.API_MAX_REQUESTS)),
        new Models(settings.get(Settings.WARM_MODELS)),
        new Engine(
            settings.get(Settings.ENGINE_THREADS),
            settings.get(Settings.ENGINE_MAX_TOKENS_PER_SECOND)),
        new Job(
            settings.get(Settings.JOB_DEADLINE),
            settings.get(Settings.JOB_FIRST_TOKEN_TIMEOUT),
            settings.get(Settings.JOB_TOKEN_TIMEOUT)));
  }

  /** Whether this node has {@code role}. */
  public boolean is(Role role) {
    return roles.contains(role);
  }
}
