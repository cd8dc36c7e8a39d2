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
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** Nodes with gossip, DHT and directory on a virtual network. */
final class DirectoryWorld {

  final VirtualTime time = new VirtualTime();
  final VirtualNetwork network;
  private final SplittableRandom random;
  private final PeerCache addressCache = new PeerCache(1 << 10);
  private int made;

  DirectoryWorld(long seed, Duration minLatency, Duration maxLatency) {
    random = new SplittableRandom(seed);
    network = new VirtualNetwork(time, LinkModel.uniform(minLatency, maxLatency, random.split()));
  }

  /** One node; its parts start together. */
  final class Node {
    final int number = ++made;
    final PrivateKey key = TestIdentities.privateKey(number);
    final VirtualHost host = network.newHost(key.publicKey());
    Capabilities said = Samples.capabilities(true, Samples.MODEL);
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
            random.split());
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
            addressCache,
            time,
            time,
            time.clock(),
            time,
            random.split());
    final CapabilityTable table = new CapabilityTable(DirectoryConfig.defaults());
    Directory directory = newDirectory();

    Node() {
      host.start();
    }

    Directory newDirectory() {
      return new Directory(
          host,
          key,
          () -> said,
          host::listenAddresses,
          table,
          gossip,
          dht,
          DirectoryConfig.defaults(),
          time,
          time,
          time.clock(),
          time,
          random.split());
    }

    Node saying(Capabilities capabilities) {
      said = capabilities;
      return this;
    }

    Node started() {
      gossip.start();
      dht.start();
      directory.start();
      time.runDue();
      return this;
    }

    /** Starts it with one address, as from a command line. */
    Node startedWith(Node bootstrap) {
      started();
      host.connect(bootstrap.host.info());
      return this;
    }

    /** The peers that it knows. */
    Set<PeerId> known() {
      return directory.all().stream().map(CapabilityRecord::peer).collect(Collectors.toSet());
    }

    PeerId id() {
      return host.peerId();
    }
  }

  Node node() {
    return new Node();
  }

  Instant now() {
    return time.clock().instant();
  }

  void millis(long count) {
    time.advance(Duration.ofMillis(count));
  }

  void seconds(long count) {
    time.advance(Duration.ofSeconds(count));
  }
}
