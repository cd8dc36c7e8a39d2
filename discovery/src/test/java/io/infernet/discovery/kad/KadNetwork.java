package io.infernet.discovery.kad;

import io.infernet.discovery.kad.record.MemoryRecordStore;
import io.infernet.discovery.kad.record.MemoryRoutingTableStore;
import io.infernet.discovery.kad.record.RecordLimits;
import io.infernet.discovery.kad.record.RecordValidator;
import io.infernet.discovery.kad.record.RoutingTableStore;
import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.discovery.kad.wire.PeerCache;
import io.infernet.libp2p.host.ConnectionConfig;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.SimulatedIdentities;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualNetworkConfig;
import io.infernet.libp2p.simulation.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/** DHT nodes on a virtual network; everything follows from the seed. */
final class KadNetwork {

  /** Values in tests: the larger first byte is the better one; an empty one is not valid. */
  static final RecordValidator FIRST_BYTE =
      new RecordValidator() {
        @Override
        public void validate(byte[] key, byte[] value)
            throws io.infernet.libp2p.host.ProtocolViolationException {
          if (value.length == 0) {
            throw new io.infernet.libp2p.host.ProtocolViolationException("an empty value");
          }
        }

        @Override
        public int select(byte[] key, List<byte[]> values) {
          int best = 0;
          for (int i = 1; i < values.size(); i++) {
            if (values.get(i)[0] > values.get(best)[0]) {
              best = i;
            }
          }
          return best;
        }
      };

  final SplittableRandom random;
  final SimulatedIdentities identities;
  final PeerCache cache = new PeerCache(1 << 12);
  final VirtualTime time = new VirtualTime();
  final VirtualNetwork network;
  final List<Node> nodes = new ArrayList<>();

  /** One node: its host, its DHT and what it would have on disk. */
  record Node(VirtualHost host, KadDht dht, MemoryRecordStore records, RoutingTableStore saved) {
    PeerId id() {
      return host.peerId();
    }

    PeerInfo info() {
      return host.info();
    }
  }

  KadNetwork(long seed) {
    random = new SplittableRandom(seed);
    identities = new SimulatedIdentities(random.split());
    network =
        new VirtualNetwork(
            time,
            LinkModel.uniform(Duration.ofMillis(25), Duration.ofMillis(150), random.split()),
            new VirtualNetworkConfig(
                3,
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                false,
                true,
                Duration.ofSeconds(30),
                1_000,
                16,
                ConnectionConfig.defaults()));
  }

  /** A host that is in the network but has no DHT. */
  VirtualHost host() {
    VirtualHost host = network.newHost(identities.next());
    host.start();
    return host;
  }

  /** A node that has not joined. */
  Node node(KadConfig config) {
    Node node = node(host(), config, new MemoryRoutingTableStore());
    nodes.add(node);
    return node;
  }

  Node node(VirtualHost host, KadConfig config, RoutingTableStore saved) {
    MemoryRecordStore records = new MemoryRecordStore(RecordLimits.defaults(), time.clock());
    KadDht dht =
        new KadDht(
            host,
            config,
            records,
            saved,
            FIRST_BYTE,
            host::listenAddresses,
            cache,
            time,
            time,
            time.clock(),
            time,
            random.split());
    dht.start();
    return new Node(host, dht, records, saved);
  }

  /** Nodes that join one after the other by way of one that is there already. */
  void grow(int count, KadConfig config) {
    for (int i = 0; i < count; i++) {
      Node node = node(config);
      if (nodes.size() > 1) {
        join(node, nodes.get(random.nextInt(nodes.size() - 1)));
      }
    }
  }

  void join(Node node, Node by) {
    await(node.dht().addPeer(by.info()));
    await(node.dht().bootstrap());
  }

  /** Moves the time until the future is done. */
  <T> T await(CompletableFuture<T> future) {
    while (!future.isDone()) {
      if (!time.runNext()) {
        throw new AssertionError("nothing happens any more");
      }
    }
    return future.join();
  }

  /** The ids of the servers among the nodes that are truly closest to a key. */
  List<PeerId> closest(byte[] key, int count, Node except) {
    KadKey target = KadKey.of(key);
    return nodes.stream()
        .filter(node -> node != except)
        .map(Node::id)
        .sorted((one, other) -> target.compareDistances(KadKey.of(one), KadKey.of(other)))
        .limit(count)
        .toList();
  }

  byte[] randomKey() {
    byte[] key = new byte[32];
    random.nextBytes(key);
    return key;
  }

  Node randomNode() {
    return nodes.get(random.nextInt(nodes.size()));
  }

  static List<PeerId> ids(List<PeerInfo> peers) {
    return peers.stream().map(PeerInfo::id).toList();
  }

  static boolean same(byte[] one, byte[] other) {
    return Arrays.equals(one, other);
  }
}
