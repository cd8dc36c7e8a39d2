package io.infernet.node.job;

import io.infernet.discovery.directory.CapabilityTable;
import io.infernet.discovery.directory.CapabilityValidator;
import io.infernet.discovery.directory.Directory;
import io.infernet.discovery.directory.DirectoryConfig;
import io.infernet.discovery.directory.HardwareFingerprint;
import io.infernet.discovery.directory.ProviderPolicy;
import io.infernet.discovery.gossip.GossipConfig;
import io.infernet.discovery.gossip.GossipRouter;
import io.infernet.discovery.gossip.score.PeerScoreParams;
import io.infernet.discovery.gossip.wire.MessageSigner;
import io.infernet.discovery.kad.KadConfig;
import io.infernet.discovery.kad.KadDht;
import io.infernet.discovery.kad.record.MemoryRecordStore;
import io.infernet.discovery.kad.record.MemoryRoutingTableStore;
import io.infernet.discovery.kad.record.NamespacedValidator;
import io.infernet.discovery.kad.record.RecordLimits;
import io.infernet.discovery.kad.wire.PeerCache;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.model.ModelRepository;
import io.infernet.inference.testing.FakeInferenceEngine;
import io.infernet.inference.testing.FakeModels;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Nodes with jobs on a virtual network: every one could be client and provider. One thread, virtual
 * time, everything random from one seed.
 */
final class JobWorld {

  static final InstalledModel MODEL = FakeModels.installed("storyteller");
  static final FakeTextCodec CODEC = new FakeTextCodec();

  final VirtualTime time = new VirtualTime();
  final RandomGenerator random;
  final VirtualNetwork network;
  private int nodes;

  JobWorld(long seed) {
    random = new SplittableRandom(seed);
    network =
        new VirtualNetwork(
            time, LinkModel.uniform(Duration.ofMillis(1), Duration.ofMillis(5), random));
  }

  /** One node; nothing of it serves or asks before it is told to. */
  final class Node {
    final PrivateKey key = TestIdentities.privateKey(++nodes);
    final VirtualHost host = network.newHost(key.publicKey());
    final FakeInferenceEngine engine = new FakeInferenceEngine(time);
    final ServedModels served = new ServedModels();
    final MemoryReceiptStore receipts = new MemoryReceiptStore();
    final MemoryJobStore jobs = new MemoryJobStore(100);
    final ProviderSelector selector =
        new ProviderSelector(SelectorConfig.defaults(), time.clock(), time, random);
    final GossipRouter gossip =
        new GossipRouter(
            host,
            GossipConfig.defaults(),
            new MessageSigner(key, time.clock()),
            PeerScoreParams.defaults(),
            peer -> 0,
            time,
            time,
            time,
            random);
    final KadDht dht =
        new KadDht(
            host,
            KadConfig.defaults(),
            new MemoryRecordStore(RecordLimits.defaults(), time.clock()),
            new MemoryRoutingTableStore(),
            new NamespacedValidator(
                Map.of(
                    CapabilityValidator.NAMESPACE,
                    new CapabilityValidator(DirectoryConfig.defaults(), time.clock()))),
            host::listenAddresses,
            new PeerCache(128),
            time,
            time,
            time.clock(),
            time,
            random);
    Directory directory;
    JobProvider provider;

    /** Where tokenizers run. */
    Executor background = time;

    int codecsRead;

    Node(JobProviderConfig config) {
      directory =
          new Directory(
              host,
              key,
              new OwnCapabilities(
                  served,
                  engine,
                  config.prices(),
                  List.of("provider"),
                  HardwareFingerprint::unknown,
                  Optional.empty(),
                  ProviderPolicy.open(),
                  "test"),
              host::listenAddresses,
              new CapabilityTable(DirectoryConfig.defaults()),
              gossip,
              dht,
              DirectoryConfig.defaults(),
              time,
              time,
              time.clock(),
              time,
              random);
      provider =
          new JobProvider(
              host,
              key,
              engine,
              served,
              receipts,
              config,
              time,
              time,
              time,
              time.clock(),
              time,
              directory::changed);
      host.start();
      gossip.start();
      dht.start();
      directory.start();
    }

    PeerId id() {
      return host.peerId();
    }

    JobClient client(ReceiptStore store) {
      return new JobClient(host, key, store, JobClientConfig.defaults(), time, time, time);
    }

    NetworkChatService chat(Optional<InferenceEngine> own) {
      return chat(own, ChatServiceConfig.defaults(), client(receipts));
    }

    NetworkChatService chat(
        Optional<InferenceEngine> own, ChatServiceConfig config, JobClient client) {
      return new NetworkChatService(
          id(),
          installed(),
          model -> {
            codecsRead++;
            return CODEC;
          },
          Optional.of(directory),
          selector,
          client,
          own,
          jobs,
          config,
          time,
          background,
          time,
          time.clock(),
          time,
          random);
    }

    /** Its engine has the model warm and makes answers by that script. */
    Node serving(FakeInferenceEngine.Script script) {
      engine.script(script);
      engine.load(MODEL);
      served.set(List.of(MODEL));
      provider.start();
      return this;
    }

    void connect(Node... others) {
      for (Node other : others) {
        host.connect(other.host.info());
      }
      time.advance(Duration.ofSeconds(1));
    }
  }

  Node node() {
    return new Node(JobProviderConfig.defaults());
  }

  Node node(JobProviderConfig config) {
    return new Node(config);
  }

  /** A node that serves the model, a token every 10 ms. */
  Node provider() {
    return node().serving(script());
  }

  static FakeInferenceEngine.Script script() {
    return FakeInferenceEngine.Script.defaults()
        .withTimes(Duration.ofMillis(5), Duration.ofMillis(10));
  }

  private static ModelRepository installed() {
    return new ModelRepository() {
      @Override
      public List<InstalledModel> list() {
        return List.of(MODEL);
      }

      @Override
      public Optional<InstalledModel> find(ModelName name) {
        return name.equals(MODEL.name()) ? Optional.of(MODEL) : Optional.empty();
      }
    };
  }

  /** The first {@code count} tokens that any engine makes of that text. */
  static TokenIds expected(String text, long seed, int count) {
    GenerationRequest request =
        GenerationRequest.of(
            MODEL, CODEC.encode(text), new SamplingParams(0.7, 40, 0.95, seed), count);
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] = FakeInferenceEngine.tokenAt(request, i);
    }
    return TokenIds.of(ids);
  }

  static ChatRequest.Builder request(String text, long seed, int maxTokens) {
    return ChatRequest.builder("storyteller").text(text).seed(seed).maxTokens(maxTokens);
  }

  /** Moves the time until the future is done, in steps of a millisecond. */
  <T> T await(CompletableFuture<T> future, Duration limit) {
    long end = time.nanoTime() + limit.toNanos();
    while (!future.isDone() && time.nanoTime() < end) {
      time.advance(Duration.ofMillis(1));
    }
    if (!future.isDone()) {
      throw new AssertionError("not done after " + limit);
    }
    return future.join();
  }

  /** What the future fails with. */
  Throwable awaitFailure(CompletableFuture<?> future, Duration limit) {
    try {
      Object result = await(future, limit);
      throw new AssertionError("did not fail: " + result);
    } catch (CompletionException e) {
      return e.getCause();
    }
  }

  /** Collects all events of a job, and calls back on each. */
  static final class Reader implements Flow.Subscriber<ChatEvent> {
    final List<ChatEvent> events = new ArrayList<>();
    final StringBuilder text = new StringBuilder();
    Optional<Throwable> error = Optional.empty();
    boolean complete;
    int tokens;
    private final Consumer<Reader> onEvent;

    Reader(Consumer<Reader> onEvent) {
      this.onEvent = onEvent;
    }

    static Reader of(ChatJob job) {
      Reader reader = new Reader(r -> {});
      job.events().subscribe(reader);
      return reader;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(ChatEvent event) {
      events.add(event);
      if (event instanceof ChatEvent.Text news) {
        text.append(news.delta());
        tokens += news.tokens().size();
      }
      onEvent.accept(this);
    }

    @Override
    public void onError(Throwable cause) {
      error = Optional.of(cause);
    }

    @Override
    public void onComplete() {
      complete = true;
    }

    <E extends ChatEvent> List<E> of(Class<E> kind) {
      return events.stream().filter(kind::isInstance).map(kind::cast).toList();
    }
  }
}
