package io.infernet.node.batch.schedule;

import static io.infernet.node.batch.schedule.Operators.at;
import static io.infernet.node.batch.schedule.Operators.candidate;
import static io.infernet.node.batch.schedule.Operators.named;
import static io.infernet.node.batch.schedule.Operators.operator;
import static io.infernet.node.batch.schedule.Operators.peer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.PriceList;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ShardSchedulerTest {

  private static final Cid MODEL = Cid.of(Cid.RAW, Multihash.sha256(new byte[] {1}));
  private static final long SECOND = 1_000_000_000;
  private static final SchedulerConfig CONFIG = SchedulerConfig.defaults();

  private final Throughput throughput = new Throughput(ThroughputConfig.defaults());
  private final ShardCutter cutter = new ShardCutter(100_000, 10_000);

  private ShardScheduler scheduler(int replicas) {
    return scheduler(replicas, PriceList.free());
  }

  private ShardScheduler scheduler(int replicas, PriceList ceiling) {
    return new ShardScheduler(
        CONFIG, replicas, ceiling, MODEL, false, cutter, throughput, new SplittableRandom(1));
  }

  private void items(int count, int tokens) {
    for (int i = 0; i < count; i++) {
      assertTrue(cutter.add(tokens));
    }
    cutter.end();
  }

  /** A provider that was measured before. */
  private void join(ShardScheduler scheduler, Operator operator, double speed) {
    throughput.measured(operator.peer(), MODEL, (long) (speed * 100), Duration.ofSeconds(100), 0);
    assertTrue(scheduler.join(candidate(operator, speed), 1, 0));
  }

  private static ShardAssignment only(List<ShardAssignment> assigned) {
    assertEquals(1, assigned.size(), assigned.toString());
    return assigned.get(0);
  }

  @Test
  void cutsEachShardForTheSpeedOfItsProvider() {
    ShardScheduler scheduler = scheduler(1);
    items(100_000, 10);
    join(scheduler, operator(1), 1_000);
    ShardAssignment fast = only(scheduler.assign(0));
    join(scheduler, operator(2), 100);
    ShardAssignment slow = only(scheduler.assign(0));

    assertEquals(20_000, fast.cut().tokens());
    assertEquals(2_000, slow.cut().tokens());
    assertEquals(fast.cut().items(), slow.cut().first());
    assertEquals(65 * SECOND, fast.deadline());
    assertEquals(List.of(), scheduler.assign(0));
  }

  @Test
  void triesAClaimWithAShortShardFirst() {
    ShardScheduler scheduler = scheduler(1);
    items(100_000, 10);
    throughput.claimed(peer(1), MODEL, 1_000, 0);
    scheduler.join(candidate(1, 1_000), 1, 0);

    assertEquals(2_000, only(scheduler.assign(0)).cut().tokens());
    assertTrue(scheduler.completed(0, peer(1), 20 * SECOND).counted());
    ShardAssignment second = only(scheduler.assign(20 * SECOND));
    assertEquals(2_230, (double) second.cut().tokens(), 50, "it makes 100 tokens a second");
  }

  @Test
  void givesThePreferredProvidersWorkFirst() {
    ShardScheduler scheduler = scheduler(1);
    items(1, 10);
    scheduler.join(candidate(1, 100), 1, 0);
    scheduler.join(candidate(2, 100), 3, 0);
    scheduler.join(candidate(3, 100), 2, 0);

    assertEquals(peer(2), only(scheduler.assign(0)).peer());
  }

  @Test
  void givesNoShardToOneOperatorTwice() {
    ShardScheduler scheduler = scheduler(2);
    items(1, 10);
    join(scheduler, named(1, "lab"), 100);
    ShardAssignment first = only(scheduler.assign(0));
    assertTrue(first.first());
    join(scheduler, named(2, "lab"), 100);
    assertEquals(List.of(), scheduler.assign(0));
    assertTrue(scheduler.completed(0, first.peer(), SECOND).counted());
    assertEquals(List.of(), scheduler.assign(SECOND));
    assertTrue(scheduler.standstill(SECOND).orElseThrow().contains("2 distinct ones"));

    join(scheduler, at(3, "/ip4/8.8.8.8/tcp/1"), 100);
    ShardAssignment second = only(scheduler.assign(SECOND));
    assertEquals(peer(3), second.peer());
    assertEquals(1, second.attempt());
    assertFalse(second.first());
    assertEquals(
        new Completion(true, true, List.of()), scheduler.completed(0, peer(3), 2 * SECOND));
    assertFalse(scheduler.isDone());
    scheduler.settled(0);
    assertTrue(scheduler.isDone());
  }

  @Test
  void givesNobodyAShardWhoseTestItemsItKnows() {
    ShardScheduler scheduler = scheduler(2);
    items(1, 10);
    join(scheduler, operator(1), 100);
    scheduler.assign(0);
    scheduler.bar(0, List.of(named(7, "lab")));
    join(scheduler, named(2, "lab"), 100);
    assertEquals(List.of(), scheduler.assign(0));
    join(scheduler, operator(3), 100);
    assertEquals(peer(3), only(scheduler.assign(0)).peer());
  }

  @Test
  void makesShardsSmallerNearTheEnd() {
    ShardScheduler scheduler = scheduler(1);
    items(300, 10);
    join(scheduler, operator(1), 100);

    long now = 0;
    long before = Long.MAX_VALUE;
    while (!scheduler.isDone()) {
      ShardAssignment shard = only(scheduler.assign(now));
      assertTrue(shard.cut().tokens() <= before, shard.toString());
      before = shard.cut().tokens();
      now += before * SECOND / 100;
      assertTrue(scheduler.completed(shard.shard(), peer(1), now).full());
      scheduler.settled(shard.shard());
    }
    assertTrue(before <= 200, "the last took " + before + " tokens");
  }

  @Test
  void givesALongShardToWhoIsDoneSooner() {
    ShardScheduler scheduler = scheduler(1);
    items(1, 10_000);
    join(scheduler, operator(1), 10_000);
    scheduler.join(
        new Candidate(
            operator(1),
            PriceList.free(),
            5 * SECOND,
            10_000,
            0.5,
            Optional.empty(),
            Capacity.plain()),
        1,
        0);
    join(scheduler, operator(2), 10);

    assertEquals(List.of(), scheduler.assign(0));
    assertEquals(OptionalLong.of(5 * SECOND), scheduler.nextReview(0));
    assertEquals(peer(1), only(scheduler.assign(5 * SECOND)).peer());
  }

  @Test
  void doublesAStragglerNearTheEndAndTakesWhoIsFirst() {
    ShardScheduler scheduler = scheduler(1);
    items(1, 1_000);
    join(scheduler, operator(1), 100);
    assertEquals(peer(1), only(scheduler.assign(0)).peer());
    join(scheduler, operator(2), 1_000);
    ShardAssignment rival = only(scheduler.assign(0));
    assertTrue(rival.doubled());
    join(scheduler, operator(3), 1_000);
    assertEquals(List.of(), scheduler.assign(0), "two at once are enough");

    assertEquals(
        new Completion(true, true, List.of(peer(1))), scheduler.completed(0, peer(2), SECOND));
    assertFalse(scheduler.completed(0, peer(1), SECOND).counted());
    assertEquals(List.of(), scheduler.settled(0));
  }

  @Test
  void replacesAReplicaThatTimesOut() {
    ShardScheduler scheduler = scheduler(1);
    items(1, 1_000);
    join(scheduler, operator(1), 1_000);
    ShardAssignment first = only(scheduler.assign(0));
    assertEquals(8 * SECOND, first.deadline());
    assertEquals(OptionalLong.of(SECOND), scheduler.nextReview(0));
    assertEquals(OptionalLong.of(8 * SECOND), scheduler.nextReview(2 * SECOND));
    assertEquals(List.of(), scheduler.expire(8 * SECOND - 1));
    assertEquals(List.of(first), scheduler.expire(8 * SECOND));
    assertEquals(List.of(), scheduler.assign(8 * SECOND));
    assertEquals(
        "none of the 1 providers answers any more", scheduler.standstill(8 * SECOND).orElseThrow());

    join(scheduler, operator(2), 1_000);
    assertEquals(peer(2), only(scheduler.assign(8 * SECOND)).peer());
    assertTrue(scheduler.completed(0, peer(2), 9 * SECOND).full());
  }

  @Test
  void takesALateResultWhileItIsWanted() {
    ShardScheduler scheduler = scheduler(1);
    items(1, 1_000);
    join(scheduler, operator(1), 1_000);
    scheduler.assign(0);
    scheduler.expire(8 * SECOND);
    join(scheduler, operator(2), 1_000);
    scheduler.assign(8 * SECOND);

    assertEquals(
        new Completion(true, true, List.of(peer(2))), scheduler.completed(0, peer(1), 8 * SECOND));
    double speed = throughput.of(peer(1), MODEL, 8 * SECOND).orElseThrow();
    assertTrue(speed < 1_000, "its lateness counts: " + speed);
  }

  @Test
  void countsOnlyWhoWasAsked() {
    ShardScheduler scheduler = scheduler(2);
    items(1, 1_000);
    join(scheduler, operator(1), 1_000);
    scheduler.assign(0);
    scheduler.join(candidate(operator(2), 10), 1, 0);

    Completion none = new Completion(false, false, List.of());
    assertEquals(none, scheduler.completed(0, peer(2), 1));
    assertEquals(none, scheduler.completed(0, peer(3), 1));
    assertEquals(none, scheduler.completed(7, peer(1), 1));
    assertTrue(scheduler.completed(0, peer(1), 2).counted());
    assertEquals(none, scheduler.completed(0, peer(1), 3), "twice is once");
  }

  @Test
  void leavesARefusingProviderAloneForAWhile() {
    ShardScheduler scheduler = scheduler(1);
    items(1, 1_000);
    join(scheduler, operator(1), 1_000);
    scheduler.assign(0);
    scheduler.failed(0, peer(1), Duration.ofSeconds(30), 0);
    assertEquals(List.of(), scheduler.assign(0));
    assertEquals(
        "all 1 providers are busy with something else", scheduler.standstill(0).orElseThrow());
    assertEquals(OptionalLong.of(30 * SECOND), scheduler.nextReview(0));
    assertEquals(List.of(), scheduler.assign(30 * SECOND), "not this shard so soon");
    assertEquals(1, only(scheduler.assign(60 * SECOND)).attempt());
  }

  @Test
  void freesThePlaceOfWhoLeaves() {
    ShardScheduler scheduler = scheduler(1);
    items(1, 1_000);
    join(scheduler, operator(1), 1_000);
    scheduler.assign(0);
    scheduler.leave(peer(1), 0);
    assertEquals("no provider is there to work on it", scheduler.standstill(0).orElseThrow());
    join(scheduler, operator(2), 1_000);
    assertEquals(peer(2), only(scheduler.assign(0)).peer());
  }

  @Test
  void asksFurtherProvidersWhereResultsDisagree() {
    ShardScheduler scheduler = scheduler(2);
    items(1, 1_000);
    for (int n = 1; n <= 5; n++) {
      join(scheduler, operator(n), 1_000);
    }
    finish(scheduler, scheduler.assign(0), 2);
    assertEquals(List.of(), scheduler.assign(0));
    scheduler.escalate(0, 1);
    finish(scheduler, scheduler.assign(0), 1);
    scheduler.escalate(0, 2);
    finish(scheduler, scheduler.assign(0), 2);
    scheduler.settled(0);
    assertTrue(scheduler.isDone());
  }

  private static void finish(ShardScheduler scheduler, List<ShardAssignment> assigned, int count) {
    assertEquals(count, assigned.size());
    for (int i = 0; i < count; i++) {
      Completion completion = scheduler.completed(0, assigned.get(i).peer(), SECOND);
      assertEquals(new Completion(true, i == count - 1, List.of()), completion);
    }
  }

  @Test
  void paysNobodyMoreThanTheCeiling() {
    ShardScheduler scheduler = scheduler(1, new PriceList(0, 100));
    items(10, 10);
    scheduler.join(
        new Candidate(
            operator(1), new PriceList(0, 101), 0, 100, 1, Optional.empty(), Capacity.plain()),
        1,
        0);
    assertEquals(List.of(), scheduler.assign(0));
    scheduler.join(
        new Candidate(
            operator(2), new PriceList(0, 100), 0, 100, 1, Optional.empty(), Capacity.plain()),
        1,
        0);
    assertEquals(peer(2), only(scheduler.assign(0)).peer());
  }

  @Test
  void goesOnWithWhatWasStored() {
    ShardScheduler scheduler = scheduler(2);
    items(1, 1_000);
    scheduler.restore(
        5, new ShardCutter.Cut(0, 3, 500), 3, List.of(operator(1)), 2, Optional.empty());
    join(scheduler, operator(1), 1_000);
    ShardAssignment fresh = only(scheduler.assign(0));
    assertEquals(6, fresh.shard());
    join(scheduler, operator(2), 1_000);
    join(scheduler, operator(3), 1_000);
    List<ShardAssignment> assigned = scheduler.assign(0);
    assertTrue(
        assigned.stream().anyMatch(one -> one.shard() == 5 && one.attempt() == 2),
        assigned.toString());
  }

  @Test
  void givesUpAShardThatWasTriedTooOften() {
    ShardScheduler scheduler = scheduler(1);
    items(1, 1_000);
    for (int n = 1; n <= CONFIG.maxAttempts(); n++) {
      join(scheduler, operator(n), 1_000);
      PeerId peer = only(scheduler.assign(0)).peer();
      assertEquals(List.of(), scheduler.exhausted());
      scheduler.failed(0, peer, Duration.ofHours(1), 0);
    }
    join(scheduler, operator(99), 1_000);
    assertEquals(List.of(), scheduler.assign(0));
    assertEquals(List.of(0), scheduler.exhausted());
    scheduler.settled(0);
    assertTrue(scheduler.isDone());
  }

  @Test
  void takesABoundedNumberOfProviders() {
    SchedulerConfig few =
        new SchedulerConfig(
            Duration.ofSeconds(2),
            Duration.ofSeconds(1),
            3,
            2,
            1,
            3,
            Duration.ofSeconds(1),
            0.8,
            Duration.ofSeconds(1),
            1,
            4,
            2,
            2);
    ShardScheduler scheduler =
        new ShardScheduler(
            few, 1, PriceList.free(), MODEL, false, cutter, throughput, new SplittableRandom(1));
    assertTrue(scheduler.join(candidate(1, 1), 1, 0));
    assertTrue(scheduler.join(candidate(2, 1), 1, 0));
    assertFalse(scheduler.join(candidate(3, 1), 1, 0));
    assertTrue(scheduler.join(candidate(2, 5), 1, 0), "it is there already");
  }

  private static Candidate with(int n, Capacity capacity) {
    return new Candidate(operator(n), PriceList.free(), 0, 1_000, 0.5, Optional.empty(), capacity);
  }

  @Test
  void fillsTheSlotsOfWhomItKnowsAndOneOfOthers() {
    ShardScheduler scheduler = scheduler(1);
    items(100_000, 10);
    scheduler.join(with(1, new Capacity(3, 5_000, "")), 1, 0);
    assertEquals(2_000, only(scheduler.assign(0)).cut().tokens());
    scheduler.completed(0, peer(1), 2 * SECOND);
    List<ShardAssignment> assigned = scheduler.assign(2 * SECOND);
    assertEquals(3, assigned.size());
    assigned.forEach(one -> assertEquals(5_000, one.cut().tokens()));
    assertEquals(List.of(), scheduler.assign(2 * SECOND));

    assertTrue(scheduler.completed(assigned.get(1).shard(), peer(1), 7 * SECOND).full());
    assertEquals(1, scheduler.assign(7 * SECOND).size());
    scheduler.leave(peer(1), 7 * SECOND);
    join(scheduler, operator(2), 250);
    assertEquals(5_000, only(scheduler.assign(7 * SECOND)).cut().tokens());
  }

  @Test
  void believesNobodyAnyNumberOfSlots() {
    ShardScheduler scheduler = scheduler(1);
    items(100_000, 10);
    throughput.measured(peer(1), MODEL, 1_000, Duration.ofSeconds(100), 0);
    scheduler.join(with(1, new Capacity(Integer.MAX_VALUE, 5_000, "")), 1, 0);

    assertEquals(CONFIG.maxSlots(), scheduler.assign(0).size());
  }

  @Test
  void leavesItemsToProvidersThatTakeThem() {
    ShardScheduler scheduler = scheduler(1);
    items(1, 1_000);
    scheduler.join(with(1, new Capacity(1, 999, "")), 9, 0);
    assertEquals(List.of(), scheduler.assign(0));
    scheduler.join(with(2, new Capacity(1, 1_000, "")), 1, 0);
    assertEquals(peer(2), only(scheduler.assign(0)).peer());
  }

  @Test
  void keepsAShardWithinAClassOfHardwareWhereThatMatters() {
    ShardScheduler scheduler =
        new ShardScheduler(
            CONFIG, 2, PriceList.free(), MODEL, true, cutter, throughput, new SplittableRandom(1));
    items(1, 1_000);
    scheduler.join(with(1, new Capacity(1, 5_000, "x")), 9, 0);
    scheduler.join(with(2, new Capacity(1, 5_000, "y")), 8, 0);
    assertEquals(List.of(), scheduler.assign(0), "nobody could say whether it is right");
    assertTrue(scheduler.standstill(0).orElseThrow().endsWith("of one class of hardware)"));

    scheduler.join(with(3, new Capacity(1, 5_000, "y")), 7, 0);
    List<ShardAssignment> assigned = scheduler.assign(0);
    assertEquals(List.of(peer(2), peer(3)), assigned.stream().map(ShardAssignment::peer).toList());
    assertEquals(1, assigned.stream().map(ShardAssignment::shard).distinct().count());
  }
}
