package io.infernet.discovery.kad.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.kad.routing.RoutingTable.Outcome;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.simulation.SimulatedIdentities;
import io.infernet.libp2p.testing.Property;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class RoutingTableTest {

  private static final RoutingTableConfig CONFIG =
      new RoutingTableConfig(3, 2, 2, Duration.ofNanos(100), 2, 3);

  private final SimulatedIdentities identities = new SimulatedIdentities(new SplittableRandom(7));
  private final PeerId self = PeerId.of(identities.next());
  private final RoutingTable table = new RoutingTable(self, CONFIG);

  @Test
  void keepsThosePeersThatWereThereFirst() {
    List<PeerInfo> peers = peersInBucket(0, 5);
    for (int i = 0; i < 3; i++) {
      assertEquals(Outcome.ADDED, seen(peers.get(i), i));
    }
    assertEquals(Outcome.WAITING, seen(peers.get(3), 3));
    assertEquals(Outcome.SEEN, seen(peers.get(0), 4));
    assertEquals(List.of(peers.get(1), peers.get(2), peers.get(0)), peers(table.all()));
    assertEquals(3, table.size());
  }

  @Test
  void givesThePlaceOfAPeerThatFailsToTheOneSeenLastOfThoseThatWait() {
    List<PeerInfo> peers = peersInBucket(0, 6);
    peers.forEach(peer -> seen(peer, 0));
    assertTrue(table.failed(peers.get(1).id()));
    assertEquals(List.of(peers.get(0), peers.get(2), peers.get(5)), peers(table.all()));
    // Only two may wait, so the first of those that did is forgotten.
    assertTrue(table.failed(peers.get(0).id()));
    assertEquals(List.of(peers.get(2), peers.get(5), peers.get(4)), peers(table.all()));
  }

  @Test
  void removesAPeerThatFailsTwiceWhenNobodyWaits() {
    PeerInfo peer = peersInBucket(0, 1).get(0);
    seen(peer, 0);
    assertFalse(table.failed(peer.id()));
    assertEquals(1, table.get(peer.id()).orElseThrow().failures());
    seen(peer, 1);
    assertEquals(0, table.get(peer.id()).orElseThrow().failures());
    table.failed(peer.id());
    assertTrue(table.failed(peer.id()));
    assertEquals(0, table.size());
  }

  @Test
  void keepsASuspectUntilItTrulyFailsOrAnswers() {
    PeerInfo peer = peersInBucket(0, 1).get(0);
    seen(peer, 0);
    for (int i = 0; i < 5; i++) {
      table.suspect(peer.id());
    }
    assertEquals(1, table.get(peer.id()).orElseThrow().failures());
    seen(peer, 1);
    assertEquals(0, table.get(peer.id()).orElseThrow().failures());
    table.suspect(peer.id());
    assertTrue(table.failed(peer.id()));
  }

  @Test
  void letsANewPeerTakeThePlaceOfOneThatIsFailing() {
    List<PeerInfo> peers = peersInBucket(0, 4);
    peers.subList(0, 3).forEach(peer -> seen(peer, 0));
    table.failed(peers.get(1).id());
    assertTrue(table.wants(key(peers.get(3)), Optional.empty()));
    assertEquals(Outcome.ADDED, seen(peers.get(3), 1));
    assertEquals(Optional.empty(), table.get(peers.get(1).id()));
  }

  @Test
  void wantsNobodyInAFullBucket() {
    List<PeerInfo> peers = peersInBucket(0, 4);
    peers.subList(0, 3).forEach(peer -> seen(peer, 0));
    assertFalse(table.wants(key(peers.get(3)), Optional.empty()));
    assertTrue(table.wants(key(peersInBucket(1, 1).get(0)), Optional.empty()));
  }

  @Test
  void asksToCheckTheLeastRecentlySeenPeerOnceSomebodyWaits() {
    List<PeerInfo> peers = peersInBucket(0, 4);
    for (int i = 0; i < 3; i++) {
      seen(peers.get(i), i);
    }
    KadKey key = key(peers.get(3));
    assertEquals(Optional.empty(), table.toCheck(key, 1_000));
    seen(peers.get(3), 50);
    assertEquals(Optional.empty(), table.toCheck(key, 99));
    assertEquals(peers.get(0), table.toCheck(key, 100).orElseThrow().peer());
    table.heard(table.get(peers.get(0).id()).orElseThrow(), 100);
    assertEquals(peers.get(1), table.toCheck(key, 101).orElseThrow().peer());
  }

  @Test
  void takesFewOfOneIpGroupIntoABucketAndNotManyMoreInAll() {
    Optional<IpGroup> group = Optional.of(new IpGroup(1));
    List<PeerInfo> far = peersInBucket(0, 3);
    List<PeerInfo> near = peersInBucket(1, 2);
    assertEquals(Outcome.ADDED, table.seen(far.get(0), group, 0));
    assertEquals(Outcome.ADDED, table.seen(far.get(1), group, 0));
    assertEquals(Outcome.REFUSED, table.seen(far.get(2), group, 0));
    assertFalse(table.wants(key(far.get(2)), group));
    assertEquals(Outcome.ADDED, table.seen(near.get(0), group, 0));
    assertEquals(Outcome.REFUSED, table.seen(near.get(1), group, 0));
    assertEquals(Outcome.ADDED, table.seen(near.get(1), Optional.of(new IpGroup(2)), 0));
    assertEquals(Outcome.ADDED, table.seen(far.get(2), Optional.empty(), 0));
    table.remove(near.get(0).id());
    assertTrue(table.wants(key(near.get(0)), group));
  }

  @Test
  void refusesItselfAndPeersThatCannotBeDialled() {
    assertEquals(Outcome.REFUSED, seen(info(self), 0));
    assertEquals(Outcome.REFUSED, seen(new PeerInfo(PeerId.of(identities.next()), List.of()), 0));
  }

  @Test
  void keepsTheAddressesItHasUntilItIsToldOthers() {
    PeerInfo peer = info(PeerId.of(identities.next()));
    seen(peer, 0);
    seen(new PeerInfo(peer.id(), List.of()), 1);
    assertEquals(peer, table.get(peer.id()).orElseThrow().peer());
    PeerInfo moved = new PeerInfo(peer.id(), List.of(Multiaddr.parse("/ip4/1.1.1.1/tcp/1")));
    seen(moved, 2);
    assertEquals(moved, table.get(peer.id()).orElseThrow().peer());
  }

  @Test
  void namesFailingPeersOnlyWhenThereAreTooFewOthers() {
    List<PeerInfo> peers = peersInBucket(0, 3);
    peers.forEach(peer -> seen(peer, 0));
    table.failed(peers.get(0).id());
    KadKey target = key(peers.get(0));
    assertFalse(peers(table.closest(target, 2)).contains(peers.get(0)));
    assertEquals(peers.get(0), table.closest(target, 3).get(2).peer());
  }

  @Test
  void theClosestAreThoseThatAScanOfAllFinds() {
    Property.forAll(
        200,
        random -> {
          SimulatedIdentities some = new SimulatedIdentities(random);
          RoutingTable filled =
              new RoutingTable(PeerId.of(some.next()), RoutingTableConfig.defaults());
          int count = random.nextInt(300);
          for (int i = 0; i < count; i++) {
            filled.seen(info(PeerId.of(some.next())), Optional.empty(), i);
          }
          KadKey target = target(random, filled);
          int wanted = 1 + random.nextInt(30);
          List<PeerInfo> expected =
              filled.all().stream()
                  .sorted((one, other) -> target.compareDistances(one.key(), other.key()))
                  .limit(wanted)
                  .map(RoutingEntry::peer)
                  .toList();
          assertEquals(expected, peers(filled.closest(target, wanted)));
        });
  }

  private static KadKey target(RandomGenerator random, RoutingTable table) {
    int kind = random.nextInt(3);
    if (kind == 0) {
      return table.selfKey();
    }
    List<RoutingEntry> all = table.all();
    return kind == 1 && !all.isEmpty()
        ? all.get(random.nextInt(all.size())).key()
        : KadKey.ofDigest(Property.bytesOfLength(random, 32));
  }

  @Test
  void staysBoundedAndConsistentWhateverHappens() {
    Property.forAll(
        50,
        random -> {
          SimulatedIdentities some = new SimulatedIdentities(random);
          RoutingTable any = new RoutingTable(PeerId.of(some.next()), CONFIG);
          List<PeerInfo> known = new ArrayList<>();
          for (int step = 0; step < 500; step++) {
            if (known.isEmpty() || random.nextInt(3) == 0) {
              known.add(info(PeerId.of(some.next())));
            }
            PeerInfo peer = known.get(random.nextInt(known.size()));
            Optional<IpGroup> group =
                random.nextBoolean()
                    ? Optional.empty()
                    : Optional.of(new IpGroup(peer.id().hashCode() & 7));
            switch (random.nextInt(5)) {
              case 0 -> any.failed(peer.id());
              case 1 -> any.remove(peer.id());
              default -> any.seen(peer, group, step);
            }
            check(any);
          }
        });
  }

  private static void check(RoutingTable table) {
    int[] sizes = table.bucketSizes();
    int sum = 0;
    for (int size : sizes) {
      assertTrue(size <= CONFIG.bucketSize());
      sum += size;
    }
    assertEquals(sum, table.size());
    List<RoutingEntry> all = table.all();
    assertEquals(sum, all.size());
    for (RoutingEntry entry : all) {
      assertTrue(entry.failures() < CONFIG.maxFailures());
      if (entry.group != null) {
        long same = all.stream().filter(other -> entry.group.equals(other.group)).count();
        assertTrue(same <= CONFIG.maxPerGroup());
      }
    }
  }

  @Test
  void tellsTheBucketsThatNoLookUpWentTo() {
    for (int bucket = 0; bucket < 4; bucket++) {
      peersInBucket(bucket, bucket == 1 ? 2 : 3).forEach(peer -> seen(peer, 0));
    }
    assertEquals(List.of(1), table.staleBuckets(false, 0, 100));
    assertEquals(List.of(0, 2), table.staleBuckets(true, 0, 100));
    table.lookedUp(key(peersInBucket(1, 1).get(0)), 10);
    assertEquals(List.of(), table.staleBuckets(false, 50, 100));
    assertEquals(List.of(1), table.staleBuckets(false, 110, 100));
    // The fourth is this node's own neighbourhood.
    assertEquals(List.of(0, 2), table.staleBuckets(true, 110, 100));
  }

  @Test
  void showsItsDefaultsAndRejectsNonsense() {
    RoutingTableConfig defaults = RoutingTableConfig.defaults();
    assertEquals(20, defaults.bucketSize());
    assertEquals(3, defaults.maxPerGroupInBucket());
    assertThrows(
        IllegalArgumentException.class, () -> new RoutingTableConfig(0, 1, 1, Duration.ZERO, 1, 1));
    assertThrows(
        IllegalArgumentException.class, () -> new RoutingTableConfig(1, 1, 1, Duration.ZERO, 2, 1));
  }

  private Outcome seen(PeerInfo peer, long now) {
    return table.seen(peer, Optional.empty(), now);
  }

  /** Peers that share exactly so many bits of prefix with this node. */
  private List<PeerInfo> peersInBucket(int bucket, int count) {
    List<PeerInfo> peers = new ArrayList<>();
    while (peers.size() < count) {
      PeerInfo peer = info(PeerId.of(identities.next()));
      if (table.selfKey().commonPrefixLength(key(peer)) == bucket) {
        peers.add(peer);
      }
    }
    return peers;
  }

  private static PeerInfo info(PeerId peer) {
    return new PeerInfo(peer, List.of(Multiaddr.parse("/ip4/10.0.0.1/tcp/4001")));
  }

  private static KadKey key(PeerInfo peer) {
    return KadKey.of(peer.id());
  }

  private static List<PeerInfo> peers(List<RoutingEntry> entries) {
    return entries.stream().map(RoutingEntry::peer).toList();
  }
}
