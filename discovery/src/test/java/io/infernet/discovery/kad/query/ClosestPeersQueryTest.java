package io.infernet.discovery.kad.query;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.kad.routing.IpGroup;
import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.simulation.SimulatedIdentities;
import io.infernet.libp2p.testing.Property;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ClosestPeersQueryTest {

  private static final Optional<IpGroup> NO_GROUP = Optional.empty();

  private final SimulatedIdentities identities = new SimulatedIdentities(new SplittableRandom(3));
  private final KadKey target = KadKey.of(new byte[] {1});
  private final PeerId self = PeerId.of(identities.next());

  /** Nearest first. */
  private final List<PeerInfo> peers = sorted(40, "/ip4/10.0.0.1/tcp/1");

  @Test
  void asksTheNearestFirstAndNoMoreAtOnceThanItMay() {
    ClosestPeersQuery query = query(config(3, 2, 1), peers.subList(4, 9));
    assertEquals(List.of(peers.get(4), peers.get(5)), askable(query, 0));
    query.onResponse(peers.get(4).id(), List.of(peers.get(0), peers.get(20)), NO_GROUP);
    assertEquals(List.of(peers.get(0)), askable(query, 0));
    assertFalse(query.isFinished());
  }

  @Test
  void endsWhenTheClosestThatDidNotFailHaveAnswered() {
    ClosestPeersQuery query = query(config(3, 5, 1), peers.subList(0, 5));
    assertEquals(peers.subList(0, 3), askable(query, 0));
    answer(query, 0);
    answer(query, 2);
    assertFalse(query.isFinished());
    query.onFailure(peers.get(1).id());
    assertFalse(query.isFinished());
    assertEquals(List.of(peers.get(3)), askable(query, 0));
    answer(query, 3);
    assertTrue(query.isFinished());
    assertEquals(List.of(peers.get(0), peers.get(2), peers.get(3)), query.closest());
    assertEquals(new QueryStats(1, 1, 4, 3, 1), query.stats());
  }

  @Test
  void endsAtOnceWhenThereIsNobodyToAsk() {
    assertTrue(query(config(3, 2, 1), List.of()).isFinished());
    assertTrue(query(config(3, 2, 1), List.of(info(self, "/ip4/10.0.0.1/tcp/1"))).isFinished());
  }

  @Test
  void endsWithWhoeverAnsweredWhenThereAreFew() {
    ClosestPeersQuery query = query(config(3, 2, 1), peers.subList(0, 2));
    askable(query, 0);
    answer(query, 0);
    answer(query, 1);
    assertTrue(query.isFinished());
    assertEquals(peers.subList(0, 2), query.closest());
  }

  @Test
  void countsTheRoundOfWhoNamedAPeerFirst() {
    ClosestPeersQuery query = query(config(2, 3, 1), List.of(peers.get(30), peers.get(31)));
    askable(query, 0);
    answer(query, 30, 20, 10);
    answer(query, 31, 10, 5);
    askable(query, 0);
    answer(query, 5, 1);
    answer(query, 10, 1);
    askable(query, 0);
    answer(query, 1);
    assertTrue(query.isFinished());
    assertEquals(3, query.stats().rounds());
  }

  @Test
  void letsNobodyWaitForAStalledPeerButStillTakesItsAnswer() {
    ClosestPeersQuery query = query(config(4, 1, 1), peers.subList(0, 4));
    assertEquals(List.of(peers.get(0)), askable(query, 0));
    assertEquals(Optional.of(millis(1_000)), query.nextDeadline());
    assertEquals(List.of(), query.expire(millis(1_000)));
    assertEquals(List.of(peers.get(1)), askable(query, millis(1_000)));
    answer(query, 1);
    askable(query, millis(1_100));
    answer(query, 2);
    askable(query, millis(1_100));
    answer(query, 3);
    assertFalse(query.isFinished());
    answer(query, 0);
    assertTrue(query.isFinished());
    assertEquals(peers.subList(0, 4), query.closest());
  }

  @Test
  void takesAPeerThatDoesNotAnswerInTimeForFailed() {
    ClosestPeersQuery query = query(config(2, 2, 1), peers.subList(0, 2));
    askable(query, 0);
    answer(query, 1);
    query.expire(millis(1_000));
    assertEquals(Optional.of(millis(5_000)), query.nextDeadline());
    assertFalse(query.isFinished());
    assertEquals(List.of(peers.get(0).id()), query.expire(millis(5_000)));
    assertTrue(query.isFinished());
    assertEquals(Optional.empty(), query.nextDeadline());
    answer(query, 0); // too late
    assertEquals(List.of(peers.get(1)), query.closest());
  }

  @Test
  void keepsWhatOnePathHearsFromTheOther() {
    // Two seeds a path, in turn; the second path meets a liar.
    ClosestPeersQuery query = query(config(4, 12, 2), peers.subList(20, 24));
    assertEquals(Set.copyOf(peers.subList(20, 24)), Set.copyOf(askable(query, 0)));
    List<PeerInfo> lies = peers.subList(0, 4);
    query.onResponse(peers.get(21).id(), lies, NO_GROUP);
    query.onResponse(peers.get(20).id(), peers.subList(10, 14), NO_GROUP);
    assertEquals(
        Stream.concat(lies.stream(), peers.subList(10, 14).stream()).collect(Collectors.toSet()),
        Set.copyOf(askable(query, 0)));
    lies.forEach(liar -> query.onResponse(liar.id(), lies, NO_GROUP));
    answer(query, 22);
    answer(query, 23);
    for (int honest = 10; honest < 13; honest++) {
      answer(query, honest);
      assertFalse(query.isFinished());
    }
    answer(query, 13);
    assertTrue(query.isFinished());
  }

  @Test
  void asksAPeerThatBothPathsHearOfOnlyOnce() {
    ClosestPeersQuery query = query(config(2, 4, 2), peers.subList(20, 24));
    askable(query, 0);
    answer(query, 20, 0);
    answer(query, 21, 0);
    assertEquals(List.of(peers.get(0)), askable(query, 0));
    assertEquals(List.of(), askable(query, 0));
  }

  @Test
  void needsSeveralSeedsForSeveralPaths() {
    ClosestPeersQuery query = query(config(2, 4, 4), peers.subList(20, 21));
    assertEquals(1, askable(query, 0).size());
    answer(query, 20, 0, 1);
    assertEquals(2, askable(query, 0).size());
  }

  @Test
  void asksAllWithinTheRadiusUpToALimit() {
    double radius = target.distance(KadKey.of(peers.get(9).id()));
    QueryConfig config =
        new QueryConfig(3, 40, 1, Duration.ofSeconds(1), Duration.ofSeconds(5), 6, 40, 40, 3, 300);
    ClosestPeersQuery limited =
        new ClosestPeersQuery(target, self, peers.subList(0, 20), radius, config);
    assertEquals(peers.subList(0, 6), askable(limited, 0));
    ClosestPeersQuery wide =
        new ClosestPeersQuery(target, self, peers.subList(0, 20), radius, withRegion(config, 100));
    assertEquals(peers.subList(0, 10), askable(wide, 0));
    for (int i = 0; i < 10; i++) {
      assertFalse(wide.isFinished());
      answer(wide, i);
    }
    assertTrue(wide.isFinished());
    assertEquals(peers.subList(0, 10), wide.closest());
  }

  @Test
  void passesOverPeersOfAnIpGroupThatHasEnough() {
    List<PeerInfo> sybils = sorted(10, "/ip4/8.8.1.1/tcp/1");
    List<PeerInfo> seeds = new ArrayList<>(sybils);
    seeds.addAll(peers);
    ClosestPeersQuery query = query(config(20, 50, 1), seeds);
    List<PeerInfo> asked = askable(query, 0);
    assertEquals(4, asked.stream().filter(sybils::contains).count());
    asked.forEach(peer -> query.onResponse(peer.id(), List.of(), IpGroup.of(peer.addresses())));
    assertTrue(query.isFinished());
    assertEquals(20, query.closest().size());
  }

  @Test
  void countsAPeerToTheGroupThatItAnswersFrom() {
    ClosestPeersQuery query = query(config(10, 50, 1), peers);
    // Named at private addresses, all of them answer from one place on the internet.
    for (List<PeerInfo> asked = askable(query, 0); !asked.isEmpty(); asked = askable(query, 0)) {
      asked.forEach(peer -> query.onResponse(peer.id(), List.of(), Optional.of(new IpGroup(5))));
    }
    assertTrue(query.isFinished());
    assertEquals(4, query.closest().size());
  }

  @Test
  void takesNoMoreFromOneAnswerThanAServerWouldName() {
    ClosestPeersQuery query = query(config(40, 50, 1), List.of(peers.get(39)));
    askable(query, 0);
    query.onResponse(peers.get(39).id(), peers.subList(0, 39), NO_GROUP);
    assertEquals(39, askable(query, 0).size());
    ClosestPeersQuery strict =
        new ClosestPeersQuery(
            target,
            self,
            List.of(peers.get(39)),
            0,
            new QueryConfig(
                5, 50, 1, Duration.ofSeconds(1), Duration.ofSeconds(5), 80, 4, 5, 3, 300));
    askable(strict, 0);
    strict.onResponse(peers.get(39).id(), peers.subList(0, 39), NO_GROUP);
    askable(strict, 0);
    peers.subList(0, 5).forEach(peer -> strict.onFailure(peer.id()));
    assertEquals(List.of(), askable(strict, 0));
    assertTrue(strict.isFinished());
  }

  @Test
  void doesNotBelieveAPeerWhoseFriendsDoNotExist() {
    ClosestPeersQuery query = query(config(10, 2, 1), List.of(peers.get(30), peers.get(31)));
    askable(query, 0);
    query.onResponse(peers.get(30).id(), peers.subList(0, 10), NO_GROUP);
    query.onResponse(peers.get(31).id(), List.of(peers.get(5), peers.get(20)), NO_GROUP);
    Set<PeerInfo> asked = new HashSet<>();
    for (List<PeerInfo> next = askable(query, 0); !next.isEmpty(); next = askable(query, 0)) {
      for (PeerInfo peer : next) {
        asked.add(peer);
        if (peer.equals(peers.get(20))) {
          answer(query, 20);
        } else {
          query.onFailure(peer.id());
        }
      }
    }
    assertTrue(query.isFinished());
    // Three that do not exist, perhaps one more that was asked already, and who is honest.
    assertTrue(asked.size() <= 5, () -> asked.size() + " asked");
    assertTrue(asked.contains(peers.get(20)));
  }

  @Test
  void asksAgainAtOtherAddressesWhenTheFirstWereWrong() {
    ClosestPeersQuery query = query(config(3, 2, 1), List.of(peers.get(30), peers.get(31)));
    askable(query, 0);
    PeerInfo wrong = info(peers.get(0).id(), "/ip4/10.9.9.9/tcp/1");
    query.onResponse(peers.get(30).id(), List.of(wrong), NO_GROUP);
    assertEquals(List.of(wrong), askable(query, 0));
    query.onFailure(wrong.id());
    answer(query, 31, 0);
    PeerInfo both =
        new PeerInfo(
            wrong.id(), List.of(wrong.addresses().get(0), peers.get(0).addresses().get(0)));
    assertEquals(List.of(both), askable(query, 0));
    answer(query, 0);
    assertTrue(query.isFinished());
    assertTrue(KadKey.of(query.closest().get(0).id()).equals(KadKey.of(wrong.id())));
  }

  @Test
  void stopsWhenItIsTold() {
    ClosestPeersQuery query = query(config(3, 2, 1), peers.subList(0, 5));
    askable(query, 0);
    answer(query, 0);
    query.stop();
    assertTrue(query.isFinished());
    assertEquals(List.of(), askable(query, 0));
    assertEquals(peers.subList(0, 1), query.closest());
  }

  /** Whatever fails, lies or stalls: it ends, within its limits, and with the best there was. */
  @Test
  void findsTheClosestPeersThatCanBeReachedInAnyNetwork() {
    Property.forAll(
        100,
        random -> {
          SimulatedIdentities some = new SimulatedIdentities(random);
          KadKey goal = KadKey.ofDigest(Property.bytesOfLength(random, 32));
          List<PeerInfo> all = new ArrayList<>();
          int size = 1 + random.nextInt(150);
          for (int i = 0; i < size; i++) {
            all.add(info(PeerId.of(some.next()), "/ip4/10.0.0.1/tcp/1"));
          }
          Map<PeerId, List<PeerInfo>> tables = new HashMap<>();
          for (PeerInfo peer : all) {
            // Everybody knows the ones closest to itself and a few others.
            KadKey own = KadKey.of(peer.id());
            List<PeerInfo> known = new ArrayList<>(nearest(all, own, 12));
            for (int i = 0; i < 10; i++) {
              known.add(all.get(random.nextInt(size)));
            }
            tables.put(peer.id(), known);
          }
          Set<PeerId> dead = new HashSet<>();
          all.stream().filter(p -> random.nextInt(5) == 0).forEach(p -> dead.add(p.id()));
          QueryConfig config =
              new QueryConfig(
                  8,
                  1 + random.nextInt(10),
                  1 + random.nextInt(3),
                  Duration.ofSeconds(1),
                  Duration.ofSeconds(5),
                  16,
                  4,
                  8,
                  100,
                  200);
          List<PeerInfo> seeds = nearest(all, KadKey.of(all.get(0).id()), 8);
          ClosestPeersQuery query =
              new ClosestPeersQuery(goal, PeerId.of(some.next()), seeds, 0, config);
          Map<PeerId, Integer> asked = new LinkedHashMap<>();
          ArrayDeque<PeerInfo> open = new ArrayDeque<>();
          long now = 0;
          while (!query.isFinished()) {
            for (Optional<PeerInfo> next = query.nextPeer(now);
                next.isPresent();
                next = query.nextPeer(now)) {
              asked.merge(next.get().id(), 1, Integer::sum);
              open.add(next.get());
            }
            assertFalse(open.isEmpty() && query.nextDeadline().isEmpty(), "it hangs");
            if (open.isEmpty() || random.nextInt(8) == 0) {
              now = query.nextDeadline().orElse(now);
              query.expire(now);
              continue;
            }
            PeerInfo peer = open.remove();
            if (dead.contains(peer.id())) {
              if (random.nextBoolean()) {
                query.onFailure(peer.id());
              } // or it says nothing
            } else {
              query.onResponse(peer.id(), nearest(tables.get(peer.id()), goal, 8), NO_GROUP);
            }
          }
          asked.values().forEach(times -> assertEquals(1, times));
          List<PeerInfo> found = query.closest();
          assertTrue(found.size() <= 8);
          assertEquals(nearest(found, goal, 8), found);
          assertEquals(asked.size(), query.stats().asked());
        });
  }

  @Test
  void showsItsDefaultsAndRejectsNonsense() {
    QueryConfig defaults = QueryConfig.defaults();
    assertEquals(20, defaults.resultSize());
    assertEquals(10, defaults.parallelism());
    assertThrows(IllegalArgumentException.class, () -> config(3, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> config(3, 1, 31));
    assertThrows(IllegalArgumentException.class, () -> withRegion(defaults, 19));
  }

  private static QueryConfig config(int k, int parallelism, int paths) {
    return new QueryConfig(
        k, parallelism, paths, Duration.ofSeconds(1), Duration.ofSeconds(5), 80, 4, 40, 3, 300);
  }

  private static QueryConfig withRegion(QueryConfig config, int maxRegion) {
    return new QueryConfig(
        config.resultSize(),
        config.parallelism(),
        config.paths(),
        config.stallTimeout(),
        config.timeout(),
        maxRegion,
        config.maxPerGroup(),
        config.maxNamed(),
        config.maxMisnamed(),
        config.maxAsked());
  }

  private ClosestPeersQuery query(QueryConfig config, List<PeerInfo> seeds) {
    return new ClosestPeersQuery(target, self, seeds, 0, config);
  }

  private void answer(ClosestPeersQuery query, int peer, int... named) {
    List<PeerInfo> closer = new ArrayList<>();
    for (int other : named) {
      closer.add(peers.get(other));
    }
    query.onResponse(peers.get(peer).id(), closer, NO_GROUP);
  }

  /** Everybody whom the query wants to ask now. */
  private static List<PeerInfo> askable(ClosestPeersQuery query, long now) {
    List<PeerInfo> asked = new ArrayList<>();
    for (Optional<PeerInfo> next = query.nextPeer(now);
        next.isPresent();
        next = query.nextPeer(now)) {
      asked.add(next.get());
    }
    return asked;
  }

  private List<PeerInfo> sorted(int count, String address) {
    List<PeerInfo> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(info(PeerId.of(identities.next()), address));
    }
    return nearest(all, target, count);
  }

  private static List<PeerInfo> nearest(Collection<PeerInfo> among, KadKey key, int count) {
    return among.stream()
        .distinct()
        .sorted((one, other) -> key.compareDistances(KadKey.of(one.id()), KadKey.of(other.id())))
        .limit(count)
        .toList();
  }

  private static PeerInfo info(PeerId peer, String address) {
    return new PeerInfo(peer, List.of(Multiaddr.parse(address)));
  }

  private static long millis(long millis) {
    return Duration.ofMillis(millis).toNanos();
  }
}
