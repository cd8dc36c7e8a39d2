package io.infernet.discovery.kad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.kad.KadNetwork.Node;
import io.infernet.discovery.kad.record.MemoryRoutingTableStore;
import io.infernet.discovery.kad.record.ProviderRecord;
import io.infernet.discovery.kad.record.ValueRecord;
import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.peer.PublicKey;
import io.infernet.libp2p.simulation.VirtualHost;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** The DHT on a network of up to a hundred nodes. */
class KadDhtTest {

  private static final KadConfig SERVER = KadConfig.defaults();
  private static final KadConfig CLIENT = SERVER.with(SERVER.protocol(), KadMode.CLIENT);

  // Peers.

  @Test
  void findsTheTrueClosestPeersOfAnyKey() {
    KadNetwork net = new KadNetwork(1);
    net.grow(100, SERVER);
    for (int i = 0; i < 50; i++) {
      byte[] key = net.randomKey();
      Node asker = net.randomNode();
      LookupResult result = net.await(asker.dht().lookUp(key));
      assertEquals(net.closest(key, 20, asker), KadNetwork.ids(result.closest()));
      assertTrue(result.stats().rounds() <= 4, () -> result.stats().toString());
    }
  }

  @Test
  void doesTheSameEachTime() {
    long[] traces = new long[2];
    for (int i = 0; i < 2; i++) {
      KadNetwork net = new KadNetwork(11);
      net.grow(40, SERVER);
      net.await(net.randomNode().dht().lookUp(net.randomKey()));
      net.time.advance(Duration.ofMinutes(15));
      traces[i] = net.network.traceHash();
    }
    assertEquals(traces[0], traces[1]);
  }

  @Test
  void knowsItsOwnNeighbourhoodAndKeepsConnectionsToIt() {
    KadNetwork net = new KadNetwork(3);
    net.grow(60, SERVER);
    net.time.advance(Duration.ofMinutes(1));
    for (Node node : net.nodes) {
      List<PeerId> neighbours = net.closest(node.id().toBytes(), 10, node);
      Set<PeerId> known = new LinkedHashSet<>(KadNetwork.ids(net.await(node.dht().routingTable())));
      assertTrue(known.containsAll(neighbours));
    }
    Node some = net.randomNode();
    net.await(some.dht().bootstrap());
    assertTrue(
        some.host().protections(net.closest(some.id().toBytes(), 1, some).get(0)).contains("kad"));
  }

  @Test
  void forgetsPeersThatVanish() {
    KadNetwork net = new KadNetwork(4);
    net.grow(40, SERVER);
    List<Node> gone = List.copyOf(net.nodes.subList(10, 20));
    gone.forEach(node -> net.network.vanish(node.id()));
    net.nodes.removeAll(gone);
    net.time.advance(Duration.ofMinutes(45));
    for (Node node : net.nodes) {
      List<PeerId> known = KadNetwork.ids(net.await(node.dht().routingTable()));
      gone.forEach(dead -> assertFalse(known.contains(dead.id())));
    }
    byte[] key = net.randomKey();
    Node asker = net.randomNode();
    assertEquals(
        net.closest(key, 20, asker), KadNetwork.ids(net.await(asker.dht().findClosestPeers(key))));
  }

  @Test
  void keepsItsTableWhileItIsCutOffItself() {
    KadNetwork net = new KadNetwork(5);
    net.grow(30, SERVER);
    Node alone = net.nodes.get(7);
    int before = net.await(alone.dht().status()).peers();
    net.network.isolate(List.of(alone.id()));
    for (int i = 0; i < 5; i++) {
      net.await(alone.dht().lookUp(net.randomKey()));
    }
    net.time.advance(Duration.ofMinutes(30));
    int during = net.await(alone.dht().status()).peers();
    assertTrue(during >= before / 2, () -> during + " of " + before + " left");
    net.network.heal();
    net.time.advance(Duration.ofMinutes(15));
    byte[] key = net.randomKey();
    assertEquals(
        net.closest(key, 20, alone), KadNetwork.ids(net.await(alone.dht().findClosestPeers(key))));
  }

  @Test
  void joinsBySavedPeersAfterARestartWithoutAnybodysHelp() {
    KadNetwork net = new KadNetwork(6);
    net.grow(40, SERVER);
    PublicKey identity = net.identities.next();
    VirtualHost before = net.network.newHost(identity);
    before.start();
    Node old = net.node(before, SERVER, new MemoryRoutingTableStore());
    net.join(old, net.nodes.get(20));
    old.dht().close();
    net.time.runDue();
    assertFalse(old.saved().load().isEmpty());
    before.close();
    net.time.advance(Duration.ofMinutes(1));
    VirtualHost host = net.network.newHost(identity);
    host.start();
    Node anew = net.node(host, SERVER, old.saved());
    net.time.advance(Duration.ofMinutes(1));
    assertTrue(net.await(anew.dht().status()).peers() >= 20);
  }

  @Test
  void learnsOfPeersThatConnectToIt() {
    KadNetwork net = new KadNetwork(7);
    Node first = net.node(SERVER);
    Node second = net.node(SERVER);
    net.await(second.host().connect(first.info()));
    net.time.advance(Duration.ofSeconds(10));
    assertEquals(List.of(second.id()), KadNetwork.ids(net.await(first.dht().routingTable())));
    assertEquals(List.of(first.id()), KadNetwork.ids(net.await(second.dht().routingTable())));
  }

  // Clients.

  @Test
  void aClientFindsEverybodyAndIsInNobodysTable() {
    KadNetwork net = new KadNetwork(8);
    net.grow(40, SERVER);
    Node client = net.node(net.host(), CLIENT, new MemoryRoutingTableStore());
    net.join(client, net.nodes.get(0));
    byte[] key = net.randomKey();
    assertEquals(
        net.closest(key, 20, client),
        KadNetwork.ids(net.await(client.dht().findClosestPeers(key))));
    net.time.advance(Duration.ofMinutes(5));
    for (Node node : net.nodes) {
      assertFalse(KadNetwork.ids(net.await(node.dht().routingTable())).contains(client.id()));
    }
    assertEquals(
        Optional.of(client.info()), net.await(net.nodes.get(30).dht().findPeer(client.id())));
  }

  @Test
  void comesIntoTablesWhenItBeginsToServe() {
    KadNetwork net = new KadNetwork(9);
    net.grow(20, SERVER);
    Node client = net.node(net.host(), CLIENT, new MemoryRoutingTableStore());
    net.join(client, net.nodes.get(0));
    client.dht().setMode(KadMode.SERVER);
    client.host().connections().forEach(connection -> connection.close());
    net.time.advance(Duration.ofMinutes(2));
    net.await(client.dht().bootstrap());
    net.time.advance(Duration.ofMinutes(1));
    long knowing =
        net.nodes.stream()
            .filter(
                node -> KadNetwork.ids(net.await(node.dht().routingTable())).contains(client.id()))
            .count();
    assertTrue(knowing > 10, () -> knowing + " know it");
  }

  @Test
  void findsWhereAServerIs() {
    KadNetwork net = new KadNetwork(10);
    net.grow(50, SERVER);
    Node wanted = net.nodes.get(17);
    Node asker = net.nodes.get(41);
    assertEquals(Optional.of(wanted.info()), net.await(asker.dht().findPeer(wanted.id())));
    PeerId nobody = PeerId.of(net.identities.next());
    assertEquals(Optional.empty(), net.await(asker.dht().findPeer(nobody)));
  }

  // Providers.

  @Test
  void findsWhoProvidesAKey() {
    KadNetwork net = new KadNetwork(2);
    net.grow(60, SERVER);
    Node provider = net.randomNode();
    Multihash key = Multihash.sha256(net.randomKey());
    assertTrue(net.await(provider.dht().provide(key)) >= 20);
    for (int i = 0; i < 20; i++) {
      Node asker = net.randomNode();
      if (asker != provider) {
        assertEquals(List.of(provider.info()), net.await(asker.dht().findProviders(key, 5)));
      }
    }
  }

  @Test
  void stopsAsSoonAsTheCallerHasEnough() {
    KadNetwork net = new KadNetwork(12);
    net.grow(60, SERVER);
    Multihash key = Multihash.sha256(net.randomKey());
    for (int i = 0; i < 5; i++) {
      net.await(net.nodes.get(i).dht().provide(key));
    }
    Node asker = net.nodes.get(50);
    List<PeerInfo> all = new ArrayList<>();
    LookupResult whole = net.await(asker.dht().findProviders(key, all::add));
    assertEquals(5, all.size());
    List<PeerInfo> first = new ArrayList<>();
    LookupResult part =
        net.await(asker.dht().findProvidersUntil(key, provider -> first.add(provider)));
    assertEquals(1, first.size());
    assertTrue(part.stats().answered() < whole.stats().answered());
  }

  @Test
  void announcesAgainSoThatNewNodesHaveItWhenAllOldOnesAreGone() {
    KadNetwork net = new KadNetwork(13);
    net.grow(25, SERVER);
    Node provider = net.nodes.get(0);
    Multihash key = Multihash.sha256(net.randomKey());
    net.await(provider.dht().provide(key));
    for (int i = 0; i < 3; i++) {
      List<Node> old = List.copyOf(net.nodes.subList(1, 9));
      net.grow(8, SERVER);
      net.nodes.removeAll(old);
      old.forEach(node -> net.network.kill(node.id()));
      net.time.advance(Duration.ofMinutes(15));
    }
    assertEquals(
        List.of(provider.info()), net.await(net.nodes.get(15).dht().findProviders(key, 5)));
    provider.dht().stopProviding(key);
    Instant last = lastAnnounced(net, key);
    net.time.advance(Duration.ofMinutes(20));
    assertEquals(last, lastAnnounced(net, key));
  }

  private static Instant lastAnnounced(KadNetwork net, Multihash key) {
    return net.nodes.stream()
        .flatMap(node -> node.records().providers(key).stream())
        .map(ProviderRecord::received)
        .max(Comparator.naturalOrder())
        .orElseThrow();
  }

  @Test
  void tellsTheCallersMistakeInAConsumerToTheCaller() {
    KadNetwork net = new KadNetwork(14);
    net.grow(30, SERVER);
    Multihash key = Multihash.sha256(net.randomKey());
    net.await(net.nodes.get(0).dht().provide(key));
    CompletableFuture<LookupResult> result =
        net.nodes
            .get(20)
            .dht()
            .findProviders(
                key,
                provider -> {
                  throw new IllegalArgumentException("a mistake");
                });
    CompletionException error = assertThrows(CompletionException.class, () -> net.await(result));
    assertInstanceOf(IllegalArgumentException.class, error.getCause());
  }

  // Values.

  @Test
  void storesAndFindsAValue() {
    KadNetwork net = new KadNetwork(15);
    net.grow(50, SERVER);
    byte[] key = net.randomKey();
    net.await(net.nodes.get(3).dht().putValue(key, new byte[] {7, 1}));
    for (int quorum : new int[] {0, 1, 5}) {
      assertArrayEquals(
          new byte[] {7, 1}, net.await(net.randomNode().dht().getValue(key, quorum)).orElseThrow());
    }
    assertEquals(Optional.empty(), net.await(net.randomNode().dht().getValue(net.randomKey(), 0)));
  }

  @Test
  void givesTheBestValueAndCorrectsThoseThatHaveAWorseOne() {
    KadNetwork net = new KadNetwork(16);
    net.grow(50, SERVER);
    byte[] key = net.randomKey();
    net.await(net.nodes.get(3).dht().putValue(key, new byte[] {5}));
    List<PeerId> holders = net.closest(key, 20, null);
    Node fresh = net.nodes.stream().filter(n -> n.id().equals(holders.get(4))).findFirst().get();
    fresh
        .records()
        .putValue(new ValueRecord(key, new byte[] {9}, net.time.clock().instant()), "test");
    Node asker = net.nodes.stream().filter(n -> !holders.contains(n.id())).findFirst().get();
    assertArrayEquals(new byte[] {9}, net.await(asker.dht().getValue(key, 0)).orElseThrow());
    net.time.advance(Duration.ofSeconds(10));
    for (Node node : net.nodes) {
      if (holders.contains(node.id()) && node != net.nodes.get(3)) {
        assertArrayEquals(new byte[] {9}, node.records().value(key).orElseThrow().value());
      }
    }
  }

  @Test
  void refusesToPutWhatIsNotValidOrNotTheBest() {
    KadNetwork net = new KadNetwork(17);
    net.grow(30, SERVER);
    KadDht dht = net.nodes.get(3).dht();
    byte[] key = net.randomKey();
    assertInstanceOf(
        ProtocolViolationException.class, failure(net, dht.putValue(key, new byte[0])));
    net.await(dht.putValue(key, new byte[] {5}));
    assertInstanceOf(IllegalStateException.class, failure(net, dht.putValue(key, new byte[] {4})));
    net.await(dht.putValue(key, new byte[] {6}));
  }

  @Test
  void saysWhenNobodyTookAValue() {
    KadNetwork net = new KadNetwork(19);
    Node alone = net.node(SERVER);
    assertInstanceOf(
        PeerUnavailableException.class,
        failure(net, alone.dht().putValue(net.randomKey(), new byte[] {1})));
    assertEquals(0, net.await(alone.dht().provide(Multihash.sha256(new byte[1]))));
  }

  // Attacks.

  @Test
  void findsTheProviderThoughPeersWithChosenIdsAreClosestToTheKey() {
    KadNetwork net = new KadNetwork(20);
    net.grow(80, SERVER);
    Multihash key = Multihash.sha256(net.randomKey());
    KadKey target = KadKey.of(key.toBytes());
    List<Node> sinks = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      VirtualHost host =
          net.network.newHost(
              net.identities.cheapest(2_000, peer -> target.distance(KadKey.of(peer))));
      host.start();
      Node sink = net.node(host, SERVER, new MemoryRoutingTableStore());
      sinks.add(sink);
      net.join(sink, net.nodes.get(i));
    }
    net.time.advance(Duration.ofMinutes(15));
    Node provider = net.nodes.get(5);
    net.await(provider.dht().provide(key));
    // They answer like any other server, but drop what they are given.
    sinks.forEach(sink -> sink.records().removeProvider(key, provider.id()));
    int found = 0;
    for (int i = 10; i < 40; i++) {
      found += net.await(net.nodes.get(i).dht().findProviders(key, 5)).size();
    }
    assertEquals(30, found);
  }

  @Test
  void letsOneMachineWithManyIdsHaveLittleOfItsTable() {
    KadNetwork net = new KadNetwork(21);
    net.grow(10, SERVER);
    for (int i = 0; i < 60; i++) {
      VirtualHost host =
          net.network.newHost(
              net.identities.next(), Multiaddr.parse("/ip4/8.8.8.8/tcp/" + (2000 + i)));
      host.start();
      Node sybil = net.node(host, SERVER, new MemoryRoutingTableStore());
      net.await(sybil.dht().addPeer(net.nodes.get(i % 10).info()));
      net.await(sybil.dht().bootstrap());
    }
    for (Node node : net.nodes) {
      long sybils =
          net.await(node.dht().routingTable()).stream()
              .filter(peer -> peer.addresses().get(0).toString().startsWith("/ip4/8.8.8.8/"))
              .count();
      assertTrue(sybils <= 10, () -> sybils + " of one machine");
      byte[] key = net.randomKey();
      long among =
          net.await(node.dht().findClosestPeers(key)).stream()
              .filter(peer -> peer.addresses().get(0).toString().startsWith("/ip4/8.8.8.8/"))
              .count();
      assertTrue(among <= 4, () -> among + " of one machine");
    }
  }

  // Its end.

  @Test
  void failsLookUpsWhenItIsClosedAndThenTakesNoMore() {
    KadNetwork net = new KadNetwork(22);
    net.grow(30, SERVER);
    Node node = net.nodes.get(3);
    CompletableFuture<LookupResult> pending = node.dht().lookUp(net.randomKey());
    net.time.advance(Duration.ofMillis(30));
    assertFalse(pending.isDone());
    node.dht().close();
    assertInstanceOf(IllegalStateException.class, failure(net, pending));
    assertInstanceOf(IllegalStateException.class, failure(net, node.dht().lookUp(net.randomKey())));
    assertFalse(node.host().protocols().contains(SERVER.protocol()));
  }

  private static Throwable failure(KadNetwork net, CompletableFuture<?> future) {
    return assertThrows(CompletionException.class, () -> net.await(future)).getCause();
  }
}
