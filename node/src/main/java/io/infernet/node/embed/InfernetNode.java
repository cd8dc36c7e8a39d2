package io.infernet.node.embed;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.EncodingResult;
import io.infernet.inference.model.ModelName;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.node.ShutdownHook;
import io.infernet.node.assembly.InferenceAssembly;
import io.infernet.node.assembly.NodeAssembly;
import io.infernet.node.config.ConfigLoader;
import io.infernet.node.config.HomeSetup;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.config.NodeHome;
import io.infernet.node.config.Role;
import io.infernet.node.config.Setting;
import io.infernet.node.config.Settings;
import io.infernet.node.job.ChatEvent;
import io.infernet.node.job.ChatJob;
import io.infernet.node.job.ChatRequest;
import io.infernet.node.job.ChatResult;
import io.infernet.node.job.EncodeRequest;
import io.infernet.node.job.EncodeService;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node as part of a Java program.
 *
 * <pre>{@code
 * try (InfernetNode node = InfernetNode.builder().home(path).bootstrap(addr).build()) {
 *   node.start().join();
 *   ChatResult answer = node.chat(ChatRequest.of("storyteller", "Once upon a time")).join();
 * }
 * }</pre>
 *
 * <p>There may be several in one JVM, each with a home of its own. Safe from any thread; whoever
 * builds it closes it.
 */
public final class InfernetNode implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(InfernetNode.class);

  private final NodeAssembly assembly;
  private final ShutdownHook hook;

  private InfernetNode(NodeAssembly assembly) {
    this.assembly = assembly;
    hook = new ShutdownHook("infernet-stop", assembly::close);
  }

  /** A node that listens nowhere, works for nobody else and has no API, until told otherwise. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts the node.
   *
   * @return done when it can answer; fails with an {@code InfernetException} that says what is
   *     wrong, and the node is closed then
   */
  public CompletableFuture<Void> start() {
    return assembly
        .start()
        .whenComplete(
            (started, error) -> {
              if (error != null) {
                hook.close();
              }
            });
  }

  /** Who this node is; the same as long as its home stays. */
  public PeerId peerId() {
    return assembly.peerId();
  }

  /**
   * Where other peers reach it, with {@code /p2p}: what they give to {@link Builder#bootstrap}.
   *
   * @throws IllegalStateException when it is not started
   */
  public List<Multiaddr> addresses() {
    return assembly.addresses().stream().map(address -> address.withPeer(peerId())).toList();
  }

  /**
   * Where its HTTP API is, if it has one.
   *
   * @throws IllegalStateException when it is not started
   */
  public Optional<URI> api() {
    return assembly.api();
  }

  /**
   * Done, never failed, when each bootstrap peer was tried once; answers that are asked for before
   * may not know of their models.
   */
  public CompletableFuture<Void> peersTried() {
    return assembly.peersTried();
  }

  /**
   * Asks for an answer.
   *
   * @return the whole answer; fails with an {@code InfernetException}. Cancelling the future
   *     cancels the job.
   */
  public CompletableFuture<ChatResult> chat(ChatRequest request) {
    ChatJob job = assembly.chat().start(request);
    CompletableFuture<ChatResult> result = job.result();
    result.whenComplete(
        (answer, error) -> {
          if (result.isCancelled()) {
            job.cancel();
          }
        });
    return result;
  }

  /**
   * Asks for an answer as it is made, for one subscriber; cancelling the subscription leaves the
   * job running, see {@link #start(ChatRequest)}.
   */
  public Flow.Publisher<ChatEvent> stream(ChatRequest request) {
    return start(request).events();
  }

  /** Asks for an answer, with everything that can be done with a job. */
  public ChatJob start(ChatRequest request) {
    return assembly.chat().start(request);
  }

  /**
   * Turns texts into vectors with a model of this machine.
   *
   * @return a vector for each text, in order; fails with an {@code InfernetException}. Cancelling
   *     the future ends the work.
   */
  public CompletableFuture<EncodingResult.Embeddings> embed(String model, List<String> texts) {
    return encode(EncodeRequest.embed(model, texts), EncodingResult.Embeddings.class);
  }

  /**
   * Puts texts into classes with a model of this machine.
   *
   * @return scores for each text, in order; fails with an {@code InfernetException}. Cancelling the
   *     future ends the work.
   */
  public CompletableFuture<EncodingResult.Classifications> classify(
      String model, List<String> texts) {
    return encode(EncodeRequest.classify(model, texts), EncodingResult.Classifications.class);
  }

  /** Encodes, with everything that can be asked for. */
  public CompletableFuture<EncodingResult> encode(EncodeRequest request) {
    return encode(request, EncodingResult.class);
  }

  private <T extends EncodingResult> CompletableFuture<T> encode(
      EncodeRequest request, Class<T> kind) {
    CompletableFuture<EncodeService.Encoded> work = assembly.encoder().encode(request);
    CompletableFuture<T> result = work.thenApply(encoded -> kind.cast(encoded.result()));
    result.whenComplete(
        (done, error) -> {
          if (result.isCancelled()) {
            work.cancel(true);
          }
        });
    return result;
  }

  /** Lets answers under way go on for up to {@code grace}, then closes. */
  public void shutDown(Duration grace) {
    assembly.shutDown(grace);
    hook.close();
  }

  /**
   * Ends all work and gives up everything the node holds; waits for that. When the JVM ends before,
   * it is done then.
   */
  @Override
  public void close() {
    assembly.close();
    hook.close();
  }

  /** Collects what a node needs. Not safe from several threads. */
  public static final class Builder {
    private final Map<Setting<?>, ConfigLoader.Flag> settings = new LinkedHashMap<>();
    private Optional<Path> home = Optional.empty();
    private Optional<InferenceAssembly> inference = Optional.empty();
    private boolean api;
    private boolean provider;

    private Builder() {}

    /** The folder of the node's identity, settings, models and store; made when it is missing. */
    public Builder home(Path folder) {
      home = Optional.of(folder);
      return this;
    }

    /** The peers to connect to first; each address ends in {@code /p2p/ID}. */
    public Builder bootstrap(Multiaddr... addresses) {
      return bootstrap(Arrays.asList(addresses));
    }

    /** The same as text. */
    public Builder bootstrap(String address) {
      return bootstrap(Multiaddr.parse(address));
    }

    /** The same as a list. */
    public Builder bootstrap(List<Multiaddr> addresses) {
      return set(Settings.BOOTSTRAP, join(addresses));
    }

    /** The network to be part of, {@code main} otherwise; nodes of others are not met. */
    public Builder network(String name) {
      return set(Settings.NETWORK, name);
    }

    /** Whether to look for nodes on the local network and be found there, as it does otherwise. */
    public Builder mdns(boolean on) {
      return set(Settings.MDNS, Boolean.toString(on));
    }

    /** Listens there for other peers; port 0 takes any free port. */
    public Builder listen(Multiaddr... addresses) {
      return set(Settings.LISTEN, join(Arrays.asList(addresses)));
    }

    /** Works for other peers too, with the models of its home. */
    public Builder provider() {
      provider = true;
      return this;
    }

    /** Loads these models at the start and keeps them in memory. */
    public Builder warm(String... models) {
      return set(
          Settings.WARM_MODELS,
          Arrays.stream(models)
              .map(ModelName::parse)
              .map(ModelName::toString)
              .collect(Collectors.joining(",")));
    }

    /** Serves the HTTP API there, such as {@code 127.0.0.1:0}. */
    public Builder api(String hostAndPort) {
      api = true;
      return set(Settings.API_ADDRESS, hostAndPort);
    }

    /** Any setting of {@code config.toml}, as it would stand on the command line. */
    public Builder set(Setting<?> setting, String value) {
      settings.put(setting, new ConfigLoader.Flag(setting.key(), value));
      return this;
    }

    /** Another engine and other models than libtorch and those of the home. */
    public Builder inference(InferenceAssembly other) {
      inference = Optional.of(other);
      return this;
    }

    /**
     * Sets up the home where that is needed, and puts the node together.
     *
     * @throws io.infernet.inference.InfernetException when the home or a setting is not as it must
     *     be
     */
    public InfernetNode build() {
      NodeHome nodeHome =
          home.map(NodeHome::new)
              .orElseThrow(() -> new IllegalStateException("a node needs a home folder"));
      settings.putIfAbsent(Settings.LISTEN, new ConfigLoader.Flag(Settings.LISTEN.key(), ""));
      settings.putIfAbsent(
          Settings.ROLES,
          new ConfigLoader.Flag(
              Settings.ROLES.key(), provider ? Role.PROVIDER + "," + Role.CLIENT : "client"));
      HomeSetup.Result set = HomeSetup.ensure(nodeHome, new SecureRandom(), LOG::warn);
      // The environment is the host program's, not ours to read.
      NodeConfig config =
          NodeConfig.of(nodeHome, new ConfigLoader(Map.of()).load(nodeHome, settings));
      return new InfernetNode(
          new NodeAssembly(api ? config : config.withoutApi(), set.key(), inference));
    }

    private static String join(List<Multiaddr> addresses) {
      return addresses.stream()
          .map(address -> requireNonNull(address, "an address is null").toString())
          .collect(Collectors.joining(","));
    }
  }
}
