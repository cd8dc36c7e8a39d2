package io.infernet.node.assembly;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.remote.BackendStatus;
import io.infernet.inference.engine.remote.Backends;
import io.infernet.inference.model.InstalledModel;
import io.infernet.libp2p.concurrent.ThreadScheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.node.NodeVersion;
import io.infernet.node.config.HomeLock;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.config.Role;
import io.infernet.node.config.RunningNode;
import io.infernet.node.hardware.Hardware;
import io.infernet.node.hardware.HardwareProbe;
import io.infernet.node.http.ApiServer;
import io.infernet.node.job.ChatService;
import io.infernet.node.job.EncodeService;
import io.infernet.node.job.JobCancelledException;
import io.infernet.node.job.OwnCapabilities;
import io.infernet.node.job.ServedModels;
import java.io.IOException;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node, put together. Safe from any thread; its owner starts it once and closes it. What was
 * started is closed in reverse order, also when the start fails half-way.
 */
public final class NodeAssembly implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(NodeAssembly.class);

  private static final int TOKEN_BYTES = 32;

  /** How long the start waits to hear what backends there are; later ones are not lost. */
  private static final Duration BACKENDS_PATIENCE = Duration.ofSeconds(3);

  /** How long clients of the API may take to hear that their answers were ended. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  /** A vendor's tool may take seconds to say what there is, and nobody waits for it. */
  private static final Executor PROBING =
      task -> {
        Thread thread = new Thread(task, "hardware");
        thread.setDaemon(true);
        thread.start();
      };

  private final NodeConfig config;
  private final PrivateKey key;
  private final Optional<InferenceAssembly> givenInference;
  private final Consumer<String> warnings;
  private final HardwareProbe probe = HardwareProbe.system();
  private final SecureRandom random = new SecureRandom();
  private final Clock clock = Clock.systemUTC();
  private final Ticker ticker = Ticker.system();

  /** What to close, last started first; guarded by itself, as is closed. */
  private final Deque<AutoCloseable> started = new ArrayDeque<>();

  private boolean closed;

  private volatile @Nullable Running running;
  private volatile @Nullable JobAssembly jobsToTell;

  /** The parts of a started node that others ask for. */
  private record Running(
      NetworkAssembly network,
      JobAssembly jobs,
      Backends backends,
      Optional<ApiServer> api,
      CompletableFuture<Void> peersTried) {}

  /** A node on libtorch and the models of its home; warnings go to the log. */
  public NodeAssembly(NodeConfig config, PrivateKey key) {
    this(config, key, LOG::warn);
  }

  /**
   * A node on libtorch and the models of its home.
   *
   * @param warnings told in one line what the user should know, from any thread
   */
  public NodeAssembly(NodeConfig config, PrivateKey key, Consumer<String> warnings) {
    this(config, key, Optional.empty(), warnings);
  }

  /**
   * @param inference another engine and other models, which the node closes
   */
  public NodeAssembly(NodeConfig config, PrivateKey key, Optional<InferenceAssembly> inference) {
    this(config, key, inference, LOG::warn);
  }

  private NodeAssembly(
      NodeConfig config,
      PrivateKey key,
      Optional<InferenceAssembly> inference,
      Consumer<String> warnings) {
    this.warnings = requireNonNull(warnings, "warnings is null");
    this.config = requireNonNull(config, "config is null");
    this.key = requireNonNull(key, "key is null");
    this.givenInference = requireNonNull(inference, "inference is null");
  }

  /**
   * Starts everything, on a thread of its own.
   *
   * @return done when peers and the API can be served and the models that are to be kept warm are;
   *     fails with an {@code InfernetException} when the home, a port or a model is not to be had
   */
  public CompletableFuture<Void> start() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                startParts();
                done.complete(null);
              } catch (RuntimeException | Error e) {
                close();
                done.completeExceptionally(e);
              }
            },
            "node-start");
    thread.setDaemon(true);
    thread.start();
    return done;
  }

  private void startParts() {
    String agent = NodeVersion.agent();
    own(HomeLock.acquire(config.home()));
    ThreadScheduler scheduler = own(new ThreadScheduler("timers"));
    StorageAssembly stores = own(StorageAssembly.open(config.home()));
    // Asked while the rest starts.
    Backends backends = new Backends(config.backends(), scheduler);
    Devices devices = Devices.ofMachine(config, probe, warnings);
    InferenceAssembly inference =
        own(
            givenInference
                .orElseGet(
                    () -> {
                      devices.check();
                      return InferenceAssembly.of(config, devices, scheduler, clock);
                    })
                .with(backends));
    CompletableFuture<Void> backendsAsked =
        scheduler.timeout(
            backends.start(this::backendsChanged), BACKENDS_PATIENCE, () -> "still asking");
    NetworkAssembly network =
        own(new NetworkAssembly(config.network(), key, agent, scheduler, ticker, random));
    network.start().join();
    ServedModels served = new ServedModels();
    CompletableFuture<Hardware> hardware = CompletableFuture.supplyAsync(probe::hardware, PROBING);
    DiscoveryAssembly discovery =
        own(
            new DiscoveryAssembly(
                config,
                key,
                network.host(),
                network::addresses,
                new OwnCapabilities(
                    served,
                    inference.engine(),
                    config.price(),
                    config.roles().stream().sorted().map(Role::toString).toList(),
                    () -> hardware.getNow(Hardware.unknown()).fingerprint(),
                    config.region(),
                    config.policy(),
                    agent),
                stores,
                scheduler,
                clock,
                ticker,
                random));
    JobAssembly jobs =
        own(
            new JobAssembly(
                config,
                key,
                network.host(),
                served,
                discovery.directory(),
                inference,
                stores,
                scheduler,
                clock,
                ticker,
                random));
    jobs.start();
    jobsToTell = jobs;
    backendsChanged();
    discovery.start();
    CompletableFuture<Void> peersTried = discovery.join(network.findPeers());
    hardware.thenAccept(
        found -> {
          discovery.directory().changed();
          if (givenInference.isEmpty() && config.is(Role.PROVIDER)) {
            // Says so now when a GPU is not used, rather than at the first answer.
            devices.get();
          }
        });
    backendsAsked.exceptionally(late -> null).join();
    warm(inference, jobs);
    discovery.directory().changed();
    NodeStatus status =
        new NodeStatus(config, network, discovery, inference, backends, stores, clock.instant());
    Optional<ApiServer> api = config.api().map(apiConfig -> startApi(apiConfig, jobs, status));
    running = new Running(network, jobs, backends, api, peersTried);
  }

  /** Models of backends came or went. */
  private void backendsChanged() {
    JobAssembly jobs = jobsToTell;
    if (jobs != null) {
      jobs.modelsChanged();
    }
  }

  private void warm(InferenceAssembly inference, JobAssembly jobs) {
    List<InstalledModel> models =
        config.models().warm().stream().map(inference.models()::require).toList();
    CompletableFuture<Void> loaded =
        CompletableFuture.allOf(
            models.stream().map(inference.engine()::pin).toArray(CompletableFuture<?>[]::new));
    models.forEach(jobs.chat()::prepare);
    loaded.join();
  }

  private ApiServer startApi(NodeConfig.Api apiConfig, JobAssembly jobs, NodeStatus status) {
    byte[] bytes = new byte[TOKEN_BYTES];
    random.nextBytes(bytes);
    String token = HexFormat.of().formatHex(bytes);
    ApiServer api =
        own(new ApiServer(apiConfig, token, jobs.chat(), jobs.encoder(), status, clock));
    api.start();
    RunningNode note =
        new RunningNode(
            ProcessHandle.current().pid(),
            PeerId.of(key.publicKey()).toString(),
            api.baseUri(),
            token);
    try {
      note.write(config.home());
    } catch (IOException e) {
      throw new InfernetException(
          "cannot write to " + config.home() + " (" + e + "): make it writable", e);
    }
    own(() -> note.delete(config.home()));
    return api;
  }

  /** Remembers to close {@code part}; when the node was closed meanwhile, that happens now. */
  private <T extends AutoCloseable> T own(T part) {
    synchronized (started) {
      if (!closed) {
        started.push(part);
        return part;
      }
    }
    closePart(part);
    throw new JobCancelledException("the node was closed while it started");
  }

  /** The node's own id. */
  public PeerId peerId() {
    return PeerId.of(key.publicKey());
  }

  /** Where peers reach it, without {@code /p2p}; wildcards stand as the interfaces behind them. */
  public List<Multiaddr> addresses() {
    return running().network().addresses();
  }

  /** Where its API is, if it has one. */
  public Optional<URI> api() {
    return running().api().map(ApiServer::baseUri);
  }

  /** The servers behind it, as far as it knows now. */
  public List<BackendStatus> backends() {
    return running().backends().status();
  }

  /** Where answers come from. */
  public ChatService chat() {
    return running().jobs().chat();
  }

  /** Where vectors and classes come from. */
  public EncodeService encoder() {
    return running().jobs().encoder();
  }

  /** Done, never failed, when bootstrap peers and those of earlier times were tried once. */
  public CompletableFuture<Void> peersTried() {
    return running().peersTried();
  }

  private Running running() {
    Running current = running;
    if (current == null) {
      throw new IllegalStateException("the node is not started");
    }
    return current;
  }

  /**
   * Takes no new work, lets answers under way go on for up to {@code grace}, then closes. Waits for
   * all that.
   */
  public void shutDown(Duration grace) {
    Running current = running;
    if (current != null) {
      CompletableFuture<Void> drained = current.jobs().drain(grace);
      current.api().ifPresent(api -> api.stop(grace.plus(LAST_WORDS)));
      drained.join();
    }
    close();
  }

  /** Ends all work at once and gives up what the node holds; waits for that. */
  @Override
  public void close() {
    List<AutoCloseable> parts;
    synchronized (started) {
      closed = true;
      parts = List.copyOf(started);
      started.clear();
    }
    parts.forEach(NodeAssembly::closePart);
  }

  private static void closePart(AutoCloseable part) {
    try {
      part.close();
    } catch (Exception e) {
      LOG.warn("a part of the node did not close cleanly", e);
    }
  }
}
