package io.infernet.discovery.directory;

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
import io.infernet.libp2p.concurrent.EventThread;
import io.infernet.libp2p.concurrent.ThreadScheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.NettyHost;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.protocol.identify.IdentifyConfig;
import io.infernet.libp2p.protocol.identify.IdentifyService;
import io.infernet.libp2p.testing.HostConfigBuilder;
import io.infernet.libp2p.testing.LoopbackNetwork;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.libp2p.transport.tcp.InterfaceAddresses;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Measures over loopback TCP how long a node that has just started with one address takes to find
 * the only provider of a model, and how long all take to know all. Prints milliseconds.
 */
public final class DirectoryBenchmark {

  private static final int QUEUE = 8_192;

  private final LoopbackNetwork network = new LoopbackNetwork();
  private final ThreadScheduler scheduler = new ThreadScheduler("timers");
  private final List<Node> nodes = new ArrayList<>();

  private record Node(NettyHost host, Directory directory) {}

  private DirectoryBenchmark() {}

  /**
   * @param args how many nodes there are before the one that asks; 30 when left out
   */
  public static void main(String[] args) throws InterruptedException {
    new DirectoryBenchmark().run(args.length > 0 ? Integer.parseInt(args[0]) : 30);
    System.exit(0);
  }

  private void run(int count) throws InterruptedException {
    for (int n = 0; n < count; n++) {
      nodes.add(node(Samples.capabilities(true, Samples.model(n))));
      join(nodes.get(n), nodes.get(0));
    }
    long started = System.nanoTime();
    while (nodes.stream().anyMatch(node -> node.directory().all().size() < count - 1)) {
      if (System.nanoTime() - started > TimeUnit.SECONDS.toNanos(60)) {
        throw new IllegalStateException("not all know all after a minute");
      }
      Thread.sleep(10);
    }
    System.out.printf("all %d know all after %d ms%n", count, millisSince(started));
    for (int run = 0; run < 10; run++) {
      long begun = System.nanoTime();
      Node client = node(Samples.capabilities());
      join(client, nodes.get(1));
      int found =
          client.directory().find(DirectoryQuery.of(Samples.model(count - 1))).join().size();
      System.out.printf("a newcomer found %d after %d ms%n", found, millisSince(begun));
    }
  }

  private static long millisSince(long start) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  private static void join(Node node, Node bootstrap) {
    if (node != bootstrap) {
      LoopbackNetwork.await(node.host().connect(LoopbackNetwork.info(bootstrap.host())));
    }
  }

  private Node node(Capabilities said) {
    int number = nodes.size() + 1 + (int) (System.nanoTime() % 1_000_000);
    PrivateKey key = TestIdentities.privateKey(number);
    NettyHost host =
        network.host(
            key,
            HostConfigBuilder.with(
                config -> {
                  config.listen = List.of(LoopbackNetwork.ANY_PORT);
                  config.eventLoops = 1;
                }));
    Clock clock = Clock.systemUTC();
    SplittableRandom random = new SplittableRandom();
    new IdentifyService(
            host,
            key,
            IdentifyConfig.defaults("benchmark", "infernet/1.0.0"),
            InterfaceAddresses.system(),
            new EventThread("identify", QUEUE),
            scheduler,
            clock)
        .start();
    GossipRouter gossip =
        new GossipRouter(
            host,
            GossipConfig.defaults(),
            new MessageSigner(key, clock),
            PeerScoreParams.defaults(),
            peer -> 0,
            new EventThread("gossip", QUEUE),
            scheduler,
            Ticker.system(),
            random.split());
    DirectoryConfig config = DirectoryConfig.defaults();
    KadDht dht =
        new KadDht(
            host,
            KadConfig.defaults(),
            new MemoryRecordStore(RecordLimits.defaults(), clock),
            new MemoryRoutingTableStore(),
            new NamespacedValidator(
                Map.of(CapabilityValidator.NAMESPACE, new CapabilityValidator(config, clock))),
            host::listenAddresses,
            new PeerCache(1 << 10),
            new EventThread("kad", QUEUE),
            scheduler,
            clock,
            Ticker.system(),
            random.split());
    Directory directory =
        new Directory(
            host,
            key,
            () -> said,
            host::listenAddresses,
            new CapabilityTable(config),
            gossip,
            dht,
            config,
            new EventThread("directory", QUEUE),
            scheduler,
            clock,
            Ticker.system(),
            random.split());
    gossip.start();
    dht.start();
    directory.start();
    return new Node(host, directory);
  }
}
