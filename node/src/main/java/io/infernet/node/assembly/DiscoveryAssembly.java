package io.infernet.node.assembly;

import io.infernet.discovery.directory.Capabilities;
import io.infernet.discovery.directory.CapabilityTable;
import io.infernet.discovery.directory.CapabilityValidator;
import io.infernet.discovery.directory.Directory;
import io.infernet.discovery.directory.DirectoryConfig;
import io.infernet.discovery.directory.NetworkName;
import io.infernet.discovery.gossip.GossipConfig;
import io.infernet.discovery.gossip.GossipRouter;
import io.infernet.discovery.gossip.score.PeerScoreParams;
import io.infernet.discovery.gossip.wire.MessageSigner;
import io.infernet.discovery.kad.KadConfig;
import io.infernet.discovery.kad.KadDht;
import io.infernet.discovery.kad.KadMode;
import io.infernet.discovery.kad.record.NamespacedValidator;
import io.infernet.discovery.kad.record.PublicKeyValidator;
import io.infernet.discovery.kad.record.RecordLimits;
import io.infernet.discovery.kad.wire.PeerCache;
import io.infernet.discovery.mdns.MdnsConfig;
import io.infernet.discovery.mdns.MdnsDiscovery;
import io.infernet.inference.InfernetException;
import io.infernet.libp2p.concurrent.EventThread;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.config.Role;
import io.infernet.node.http.NodeView;
import io.infernet.node.storage.DiscoveryStore;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** How a node finds others and what they have: DHT, gossip, mDNS, and the directory over them. */
final class DiscoveryAssembly implements AutoCloseable {

  private static final int QUEUE = 8_192;

  /** How long neighbours take to answer on a local network, and to be connected to. */
  private static final Duration MDNS_ANSWERS = Duration.ofMillis(500);

  private static final Duration LAST_TASKS = Duration.ofSeconds(2);

  private static final Duration STATUS_TIMEOUT = Duration.ofSeconds(5);

  private static final int PEER_CACHE = 4_096;

  private final NodeConfig config;
  private final Scheduler scheduler;
  private final AtomicLong offers = new AtomicLong();
  private final EventThread kadThread = new EventThread("kad", QUEUE);
  private final EventThread gossipThread = new EventThread("gossip", QUEUE);
  private final EventThread mdnsThread = new EventThread("mdns", QUEUE);
  private final EventThread directoryThread = new EventThread("directory", QUEUE);
  private final KadDht dht;
  private final GossipRouter gossip;
  private final Optional<MdnsDiscovery> mdns;
  private final Directory directory;

  /**
   * @param addresses where peers reach this node, without {@code /p2p}; never blocks
   * @param capabilities what this node can do now; never blocks
   * @param random gives each part its own
   */
  DiscoveryAssembly(
      NodeConfig config,
      PrivateKey key,
      Host host,
      Supplier<List<Multiaddr>> addresses,
      Supplier<Capabilities> capabilities,
      StorageAssembly stores,
      Scheduler scheduler,
      Clock clock,
      Ticker ticker,
      RandomGenerator random) {
    this.config = config;
    this.scheduler = scheduler;
    NetworkName network = config.network().name();
    DirectoryConfig directoryConfig = DirectoryConfig.of(network);
    boolean serves =
        config.network().dht().answers(config.roles(), !config.network().listen().isEmpty());
    DiscoveryStore store = stores.openDiscovery(RecordLimits.defaults(), clock);
    dht =
        new KadDht(
            host,
            KadConfig.defaults()
                .with(network.protocol("kad/1.0.0"), serves ? KadMode.SERVER : KadMode.CLIENT),
            store.records(),
            store.routingTable(),
            new NamespacedValidator(
                Map.of(
                    PublicKeyValidator.NAMESPACE,
                    new PublicKeyValidator(),
                    CapabilityValidator.NAMESPACE,
                    new CapabilityValidator(directoryConfig, clock))),
            addresses,
            new PeerCache(PEER_CACHE),
            kadThread,
            scheduler,
            clock,
            ticker,
            split(random));
    gossip =
        new GossipRouter(
            host,
            GossipConfig.defaults(),
            new MessageSigner(key, clock),
            PeerScoreParams.defaults(),
            peer -> 0,
            gossipThread,
            scheduler,
            ticker,
            split(random));
    mdns =
        config.network().mdns()
            ? Optional.of(
                new MdnsDiscovery(
                    host,
                    MdnsConfig.forNetwork(network.name()),
                    mdnsThread,
                    scheduler,
                    ticker,
                    split(random)))
            : Optional.empty();
    directory =
        new Directory(
            host,
            key,
            capabilities,
            addresses,
            new CapabilityTable(directoryConfig),
            gossip,
            dht,
            directoryConfig,
            directoryThread,
            scheduler,
            clock,
            ticker,
            split(random));
  }

  private static RandomGenerator split(RandomGenerator random) {
    return new SplittableRandom(random.nextLong());
  }

  /** Begins to answer and to tell; the host must have been started. */
  void start() {
    gossip.start();
    dht.start();
    directory.start();
    if (config.is(Role.PROVIDER)) {
      directory.onOffer(offer -> offers.incrementAndGet());
    }
    mdns.ifPresent(MdnsDiscovery::start);
  }

  /**
   * Joins the DHT by way of the first peers, those of earlier times and those of the local network.
   *
   * @param firstPeers done, never failed, when each was tried once
   * @return done, never failed, when all of them were tried
   */
  CompletableFuture<Void> join(CompletableFuture<Void> firstPeers) {
    CompletableFuture<Void> neighbours = new CompletableFuture<>();
    if (mdns.isPresent()) {
      scheduler.schedule(MDNS_ANSWERS, () -> neighbours.complete(null));
    } else {
      neighbours.complete(null);
    }
    return CompletableFuture.allOf(
        firstPeers.thenCompose(tried -> dht.bootstrap()),
        neighbours.thenCompose(found -> dht.bootstrap()));
  }

  Directory directory() {
    return directory;
  }

  /** What is known of the network; waits a moment for those who know. */
  NodeView.Network status() {
    Map<String, NodeView.Topic> topics = new TreeMap<>();
    for (String topic : List.of("heartbeats/1", "demand/1", "offers/1")) {
      String name = config.network().name().topic(topic);
      topics.put(
          name, new NodeView.Topic(gossip.subscribers(name).size(), gossip.meshPeers(name).size()));
    }
    return new NodeView.Network(
        config.network().name().toString(),
        await(dht.status()),
        topics,
        mdns.map(found -> OptionalInt.of(await(found.found()).size())).orElse(OptionalInt.empty()),
        directory.all().size(),
        offers.get(),
        directory.demand());
  }

  private static <T> T await(CompletableFuture<T> answer) {
    try {
      return answer.get(STATUS_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new InfernetException("the node is too busy to say how it is", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InfernetException("interrupted", e);
    }
  }

  @Override
  public void close() {
    mdns.ifPresent(MdnsDiscovery::close);
    directory.close();
    gossip.close();
    dht.close();
    // Good-byes are said, and what the DHT knows is written down.
    List.of(mdnsThread, directoryThread, gossipThread, kadThread)
        .forEach(thread -> thread.drain(LAST_TASKS));
  }
}
