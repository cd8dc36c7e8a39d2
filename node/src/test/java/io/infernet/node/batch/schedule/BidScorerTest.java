package io.infernet.node.batch.schedule;

import static io.infernet.node.batch.schedule.Operators.at;
import static io.infernet.node.batch.schedule.Operators.candidate;
import static io.infernet.node.batch.schedule.Operators.named;
import static io.infernet.node.batch.schedule.Operators.operator;
import static io.infernet.node.batch.schedule.Operators.peer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.PriceList;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** How bids are compared, and who is chosen for a small batch. */
class BidScorerTest {

  private static final PriceList CEILING = new PriceList(0, 1_000);
  private static final BidScorer.Needs NEEDS =
      new BidScorer.Needs(10_000, CEILING, 0.2, OptionalLong.of(seconds(200)));

  private final BidScorer scorer =
      new BidScorer(BidScorerConfig.defaults(), new SplittableRandom(1));

  private static long seconds(long count) {
    return Duration.ofSeconds(count).toNanos();
  }

  private static Candidate bid(
      int n, long rate, long startsAt, double speed, double reputation, long latencyMillis) {
    return new Candidate(
        operator(n),
        new PriceList(0, rate),
        startsAt,
        speed,
        reputation,
        Optional.of(Duration.ofMillis(latencyMillis)),
        Capacity.plain());
  }

  private List<ScoredBid> score(Candidate... candidates) {
    return scorer.score(List.of(candidates), NEEDS, 0);
  }

  private void prefers(Candidate better, Candidate worse) {
    assertEquals(better, score(worse, better).get(0).candidate());
    assertEquals(better, score(better, worse).get(0).candidate());
  }

  @Test
  void prefersTheCheaperSoonerFasterBetterKnownAndNearer() {
    Candidate usual = bid(1, 500, 0, 1_000, 0.5, 50);
    prefers(bid(2, 100, 0, 1_000, 0.5, 50), usual);
    prefers(usual, bid(2, 500, seconds(30), 1_000, 0.5, 50));
    prefers(bid(2, 500, 0, 4_000, 0.5, 50), usual);
    prefers(bid(2, 500, 0, 1_000, 0.9, 50), usual);
    prefers(bid(2, 500, 0, 1_000, 0.5, 1), bid(3, 500, 0, 1_000, 0.5, 1_000));
  }

  @Test
  void saysWhyWhoCannotBeTaken() {
    List<ScoredBid> scored =
        score(
            bid(1, 1_001, 0, 1_000, 0.5, 50),
            bid(2, 500, 0, 1_000, 0.1, 50),
            bid(3, 500, seconds(195), 1_000, 0.5, 50),
            bid(4, 500, 0, 1_000, 0.5, 50));

    assertEquals(peer(4), scored.get(0).candidate().peer());
    assertTrue(scored.get(0).isAcceptable());
    assertEquals(
        "price up to 5000, 1000 tokens/s, reputation 0.50, latency 50.0 ms", scored.get(0).why());
    assertEquals("costs up to 10010, the ceiling is 10000", why(scored, 1));
    assertEquals("reputation 0.10, at least 0.20 is asked for", why(scored, 2));
    assertEquals("would be done 5.0 s after the deadline", why(scored, 3));
  }

  private static String why(List<ScoredBid> scored, int n) {
    ScoredBid bid =
        scored.stream().filter(one -> one.candidate().peer().equals(peer(n))).findFirst().get();
    assertFalse(bid.isAcceptable());
    return bid.why();
  }

  @Test
  void gainsNothingByABoastBeyondTheWeightOfSpeed() {
    double boast =
        score(bid(1, 500, 0, 1e12, 0.5, 50), bid(2, 500, 0, 1_000, 0.5, 50)).get(0).score();
    double best =
        score(bid(1, 500, 0, 1e300, 0.5, 50), bid(2, 500, 0, 1_000, 0.5, 50)).get(0).score();

    assertEquals(boast, best, 0.06);
  }

  @Test
  void worksWithoutMoney() {
    BidScorer.Needs free = new BidScorer.Needs(100, PriceList.free(), 0, OptionalLong.empty());
    ScoredBid bid = scorer.score(List.of(candidate(1, 10)), free, 0).get(0);

    assertTrue(bid.isAcceptable() && bid.score() > 0);
    assertFalse(scorer.score(List.of(bid(1, 1, 0, 10, 1, 1)), free, 0).get(0).isAcceptable());
  }

  @Test
  void choosesDistinctOperators() {
    List<ScoredBid> best =
        List.of(
            scored(named(1, "lab")),
            scored(named(2, "lab")),
            scored(at(3, "/ip4/8.8.8.8/tcp/1")),
            scored(at(4, "/ip4/8.8.8.9/tcp/1")),
            scored(operator(5)));

    assertEquals(List.of(peer(1), peer(3), peer(5)), peers(DistinctOperators.choose(best, 3)));
    assertEquals(List.of(peer(1), peer(3)), peers(DistinctOperators.choose(best, 2)));
    assertEquals(3, DistinctOperators.choose(best, 4).size());
    assertEquals(List.of(), DistinctOperators.choose(List.of(), 2));
  }

  @Test
  void leavesOutTheBestWhereItStandsInTheWayOfTwo() {
    List<ScoredBid> best =
        List.of(
            scored(at(1, "/ip4/8.8.8.8/tcp/1", "/ip4/9.9.9.9/tcp/1")),
            scored(at(2, "/ip4/8.8.8.1/tcp/1")),
            scored(at(3, "/ip4/9.9.9.1/tcp/1")));

    assertEquals(List.of(peer(2), peer(3)), peers(DistinctOperators.choose(best, 2)));
  }

  private static ScoredBid scored(Operator operator) {
    return new ScoredBid(candidate(operator, 100), 1, 0, Optional.empty());
  }

  private static List<io.infernet.libp2p.peer.PeerId> peers(List<ScoredBid> bids) {
    return bids.stream().map(bid -> bid.candidate().peer()).toList();
  }

  @Test
  void asksDirectlyWhereTheBatchIsSmall() {
    List<ScoredBid> known = score(candidate(1, 1_000), candidate(2, 1_000), candidate(3, 10));
    Duration limit = Duration.ofSeconds(10);

    Approach small = Approach.of(limit, 5_000, 2, known);
    assertEquals(2, assertInstanceOf(Approach.Direct.class, small).providers().size());
    Approach many = Approach.of(limit, 5_000, 3, known);
    assertEquals(
        "2 of 3 known providers of distinct operators would be done within 10 s",
        assertInstanceOf(Approach.Offered.class, many).why());
    assertInstanceOf(Approach.Offered.class, Approach.of(limit, 50_000, 2, known));
  }

  @Test
  void refusesSettingsOutOfRange() {
    assertEquals(3, BidScorerConfig.defaults().reputationWeight());
    Duration second = Duration.ofSeconds(1);
    assertThrows(
        IllegalArgumentException.class, () -> new BidScorerConfig(-1, 1, 1, 1, 1, second, second));
    assertThrows(
        IllegalArgumentException.class,
        () -> new BidScorerConfig(1, Double.NaN, 1, 1, 1, second, second));
    assertThrows(
        IllegalArgumentException.class,
        () -> new BidScorerConfig(1, 1, 1, 1, 1, Duration.ZERO, second));
    assertThrows(IllegalArgumentException.class, () -> candidate(1, 0));
    assertThrows(IllegalArgumentException.class, () -> bid(1, 1, 0, 1, 1.5, 1));
  }
}
