package io.infernet.node.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.kad.KadConfig;
import io.infernet.discovery.kad.KadDht;
import io.infernet.discovery.kad.KadStatus;
import io.infernet.discovery.kad.record.MemoryRecordStore;
import io.infernet.discovery.kad.record.MemoryRoutingTableStore;
import io.infernet.discovery.kad.record.NamespacedValidator;
import io.infernet.discovery.kad.record.RecordLimits;
import io.infernet.discovery.kad.record.RecordStore;
import io.infernet.discovery.kad.record.RoutingTableStore;
import io.infernet.discovery.kad.wire.PeerCache;
import io.infernet.libp2p.host.ConnectionConfig;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualNetworkConfig;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.TestIdentities;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node of a small network that is stopped and started again with its store. */
class DhtRestartTest {

  private static final int OTHERS = 10;
  private static final int KEYS = 5;

  @TempDir Path temp;
  private final VirtualTime time = new VirtualTime();
  private final SplittableRandom random = new SplittableRandom(3);
  private final VirtualNetwork network =
      new VirtualNetwork(
          time,
          LinkModel.uniform(Duration.ofMillis(10), Duration.ofMillis(50), random.split()),
          new VirtualNetworkConfig(
              1,
              Duration.ofSeconds(5),
              Duration.ofSeconds(5),
              true,
              true,
              Duration.ofSeconds(30),
              100,
              16,
              ConnectionConfig.defaults()));
  private PeerInfo bootstrap;

  @BeforeEach
  void growNetwork() {
    for (int i = 1; i <= OTHERS; i++) {
      VirtualHost host = host(i);
      KadDht dht =
          dht(
              host,
              new MemoryRecordStore(RecordLimits.defaults(), time.clock()),
              new MemoryRoutingTableStore());
      if (i == 1) {
        bootstrap = new PeerInfo(host.peerId(), host.listenAddresses());
      } else {
        await(dht.addPeer(bootstrap));
        await(dht.bootstrap());
      }
      if (i <= KEYS) {
        await(dht.provide(key(i)));
      }
    }
  }

  private static Multihash key(int n) {
    return Multihash.sha256(new byte[] {(byte) n});
  }

  private VirtualHost host(int n) {
    VirtualHost host = network.newHost(TestIdentities.publicKey(n));
    host.start();
    return host;
  }

  private KadDht dht(VirtualHost host, RecordStore records, RoutingTableStore saved) {
    KadDht dht =
        new KadDht(
            host,
            KadConfig.defaults(),
            records,
            saved,
            new NamespacedValidator(Map.of()),
            host::listenAddresses,
            new PeerCache(64),
            time,
            time,
            time.clock(),
            time,
            random.split());
    dht.start();
    return dht;
  }

  private <T> T await(CompletableFuture<T> future) {
    while (!future.isDone()) {
      assertTrue(time.runNext(), "nothing happens any more");
    }
    return future.join();
  }

  private DiscoveryStore open() {
    return DiscoveryStore.open(
        temp.resolve("discovery"), RecordLimits.defaults(), time.clock(), Runnable::run);
  }

  /** Joins by way of the bootstrap peer, learns what others provide, and stops. */
  private KadStatus runOnce() {
    VirtualHost host = host(99);
    try (DiscoveryStore store = open()) {
      KadDht dht = dht(host, store.records(), store.routingTable());
      await(dht.addPeer(bootstrap));
      await(dht.bootstrap());
      time.advance(Duration.ofMinutes(30));
      KadStatus status = await(dht.status());
      dht.close();
      time.advance(Duration.ofSeconds(1));
      host.close();
      return status;
    }
  }

  @Test
  void rejoinsWithoutItsBootstrapPeer() {
    KadStatus before = runOnce();
    assertEquals(OTHERS, before.peers());
    assertEquals(KEYS, before.providers());
    network.kill(bootstrap.id());
    time.advance(Duration.ofHours(1));

    VirtualHost host = host(99);
    try (DiscoveryStore store = open()) {
      KadDht dht = dht(host, store.records(), store.routingTable());
      await(dht.bootstrap());

      KadStatus after = await(dht.status());
      assertEquals(OTHERS - 1, after.peers());
      assertEquals(KEYS, after.providers(), "what others stored here is there still");
      assertEquals(
          List.of(TestIdentities.peerId(2)),
          await(dht.findProviders(key(2), 1)).stream().map(PeerInfo::id).toList());
    }
  }

  @Test
  void joinsByItsBootstrapPeerWhenItsStoreIsDamaged() throws IOException {
    runOnce();
    Files.writeString(temp.resolve("discovery/CURRENT"), "what is this?");

    VirtualHost host = host(99);
    try (DiscoveryStore store = open()) {
      KadDht dht = dht(host, store.records(), store.routingTable());
      await(dht.bootstrap());
      assertEquals(0, await(dht.status()).peers());
      await(dht.addPeer(bootstrap));
      await(dht.bootstrap());
      assertEquals(OTHERS, await(dht.status()).peers());
    }
  }
}
