package io.infernet.node.cli;

import ch.qos.logback.classic.Level;
import io.infernet.inference.engine.remote.BackendStatus;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.node.ShutdownHook;
import io.infernet.node.assembly.NodeAssembly;
import io.infernet.node.config.ConfigLoader;
import io.infernet.node.config.HomeSetup;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.config.Role;
import io.infernet.node.config.Setting;
import io.infernet.node.config.Settings;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code infernet serve}. */
@Command(
    name = "serve",
    sortOptions = false,
    aliases = "start",
    description = "Runs the node until Ctrl-C or SIGTERM, which let answers under way finish.")
final class ServeCommand implements Callable<Integer> {

  /** How long answers under way may go on after SIGTERM. */
  private static final Duration GRACE = Duration.ofSeconds(8);

  private final CliContext context;
  private final GlobalOptions global;

  @Option(
      names = "--listen",
      paramLabel = "MULTIADDR",
      description = "Where other peers reach this node, such as /ip4/0.0.0.0/tcp/11501.")
  private List<String> listen = new ArrayList<>();

  @Option(
      names = "--bootstrap",
      paramLabel = "MULTIADDR",
      description = "Peers to connect to first, as their `serve` prints them.")
  private List<String> bootstrap = new ArrayList<>();

  @Option(
      names = "--network",
      paramLabel = "NAME",
      description = "The network to be part of (main).")
  private @Nullable String network;

  @Option(
      names = "--no-mdns",
      description = "Neither look for nodes on the local network nor be found there.")
  private boolean noMdns;

  @Option(
      names = "--api",
      paramLabel = "HOST:PORT",
      description = "Where the OpenAI-compatible API listens (127.0.0.1:11500).")
  private @Nullable String api;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "Load this model at the start and keep it in memory.")
  private List<String> models = new ArrayList<>();

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "Where models compute: auto, cpu, cuda, cuda:N or mps (auto).")
  private @Nullable String device;

  @Option(names = "--require-gpu", description = "End with the reason when no GPU can be used.")
  private boolean requireGpu;

  @Option(
      names = "--backend",
      paramLabel = "URL",
      description =
          "Use the models of this OpenAI-compatible server too, such as http://127.0.0.1:8000"
              + " (vLLM, SGLang, Ollama, llama.cpp).")
  private List<String> backends = new ArrayList<>();

  @Option(
      names = "--role",
      paramLabel = "ROLE",
      description = "provider (works for others), client (asks others), or both.")
  private List<String> roles = new ArrayList<>();

  @Option(names = "--verbose", description = "Show what the node does.")
  private boolean verbose;

  ServeCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Override
  public Integer call() throws InterruptedException {
    Logging.toConsole(global.debug() ? Level.DEBUG : verbose ? Level.INFO : Level.WARN);
    NodeConfig config = NodeConfig.of(global.home(), global.settings(flags()));
    new ConfigLoader(context.environment())
        .unknownVariables()
        .forEach(name -> global.warn(name + " is no setting: see `infernet config show`"));
    HomeSetup.Result home = HomeSetup.ensure(global.home(), new SecureRandom(), global::warn);
    CountDownLatch ended = new CountDownLatch(1);
    try (ShutdownHook hook = new ShutdownHook("stop", () -> stopAndHalt(ended));
        NodeAssembly node = new NodeAssembly(config, home.key(), global::warn)) {
      CompletableFuture<Void> started = node.start();
      CompletableFuture.anyOf(started, context.stop()).join();
      if (started.isDone()) {
        announce(node, config.is(Role.PROVIDER));
        context.stop().join();
        node.shutDown(GRACE);
      }
      return 0;
    } finally {
      ended.countDown();
    }
  }

  /**
   * Runs as the shutdown hook, when the code of the exit is decided: a drained node ends with 0.
   */
  private void stopAndHalt(CountDownLatch ended) {
    context.stop().complete(null);
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(0);
  }

  private void announce(NodeAssembly node, boolean provider) {
    context.out().println("peer id    " + node.peerId());
    for (Multiaddr address : node.addresses()) {
      context.out().println("listening  " + address.withPeer(node.peerId()));
    }
    node.api().ifPresent(uri -> context.out().println("api        " + uri));
    for (BackendStatus backend : node.backends()) {
      context.out().println("backend    " + describe(backend));
      if (provider && !backend.named()) {
        context
            .out()
            .println(
                "           found, not named, and offered to the network; to leave it alone, set"
                    + " backend.discover = false");
      }
    }
    context.out().println("ready");
    context.out().flush();
  }

  private static String describe(BackendStatus backend) {
    if (!backend.up()) {
      return backend.detail();
    }
    int models = backend.models().size();
    return "%s%s: %d model%s"
        .formatted(
            backend.kind().map(kind -> kind + " at ").orElse(""),
            backend.url(),
            models,
            models == 1 ? "" : "s");
  }

  private Map<Setting<?>, ConfigLoader.Flag> flags() {
    Map<Setting<?>, ConfigLoader.Flag> flags = new LinkedHashMap<>();
    put(flags, Settings.LISTEN, "--listen", listen);
    put(flags, Settings.BOOTSTRAP, "--bootstrap", bootstrap);
    put(flags, Settings.WARM_MODELS, "--model", models);
    put(flags, Settings.BACKEND_URLS, "--backend", backends);
    put(flags, Settings.ROLES, "--role", roles);
    if (network != null) {
      put(flags, Settings.NETWORK, "--network", List.of(network));
    }
    if (device != null) {
      put(flags, Settings.ENGINE_DEVICE, "--device", List.of(device));
    }
    if (requireGpu) {
      put(flags, Settings.ENGINE_REQUIRE_GPU, "--require-gpu", List.of("true"));
    }
    if (noMdns) {
      put(flags, Settings.MDNS, "--no-mdns", List.of("false"));
    }
    if (api != null) {
      put(flags, Settings.API_ADDRESS, "--api", List.of(api));
    }
    return flags;
  }

  private static void put(
      Map<Setting<?>, ConfigLoader.Flag> flags,
      Setting<?> setting,
      String option,
      List<String> values) {
    if (!values.isEmpty()) {
      flags.put(setting, new ConfigLoader.Flag(option, String.join(",", values)));
    }
  }
}
