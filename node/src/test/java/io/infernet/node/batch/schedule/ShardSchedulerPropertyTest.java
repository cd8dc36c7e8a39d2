package io.infernet.node.batch.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.PriceList;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.testing.Property;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ShardSchedulerPropertyTest {

  private static final Cid MODEL = Cid.of(Cid.RAW, Multihash.sha256(new byte[] {1}));
  private static final long SECOND = 1_000_000_000;

  /** Ten operators with two peers each. */
  private static final List<Operator> OPERATORS = operators();

  private static List<Operator> operators() {
    List<Operator> operators = new ArrayList<>();
    for (int n = 0; n < 20; n++) {
      operators.add(Operators.named(n, "operator " + n / 2));
    }
    return operators;
  }

  @Test
  void settlesEachItemOnceByDistinctOperatorsWhateverHappens() {
    Property.forAll(200, random -> new Run(random).toTheEnd());
  }

  /** A batch among providers that come, go, refuse, stall and disagree at random. */
  private static final class Run {
    private final RandomGenerator random;
    private final int items;
    private final ShardCutter cutter = new ShardCutter(50, 10);
    private final Throughput throughput = new Throughput(ThroughputConfig.defaults());
    private final ShardScheduler scheduler;
    private final List<ShardAssignment> working = new ArrayList<>();
    private final Map<Integer, List<Operator>> done = new HashMap<>();
    private final Map<Integer, ShardCutter.Cut> cuts = new HashMap<>();
    private final List<Integer> full = new ArrayList<>();
    private int added;
    private long settled;
    private long now;

    Run(RandomGenerator random) {
      this.random = random;
      this.items = 1 + random.nextInt(300);
      this.scheduler =
          new ShardScheduler(
              SchedulerConfig.defaults(),
              1 + random.nextInt(3),
              PriceList.free(),
              MODEL,
              false,
              cutter,
              throughput,
              random);
    }

    void toTheEnd() {
      for (int step = 0; !scheduler.isDone(); step++) {
        assertTrue(step < 50_000, "it does not end");
        now += (long) (random.nextDouble() * SECOND);
        feed();
        switch (random.nextInt(20)) {
          case 0, 1 -> join();
          case 2 -> leave();
          case 3 -> refuse();
          case 4 -> scheduler.expire(now).forEach(working::remove);
          case 5, 6, 7, 8 -> assign();
          case 9, 10, 11 -> compare();
          default -> complete();
        }
        for (int shard : scheduler.exhausted()) {
          end(shard);
        }
      }
      assertEquals(items, settled);
    }

    private void feed() {
      while (added < items && cutter.add(1 + random.nextInt(500))) {
        added++;
      }
      if (added == items) {
        cutter.end();
      }
    }

    private void join() {
      Operator operator = Property.pick(random, OPERATORS);
      scheduler.join(
          new Candidate(
              operator,
              PriceList.free(),
              now,
              10 + random.nextInt(1_000),
              random.nextDouble(),
              Optional.empty(),
              new Capacity(1 + random.nextInt(3), 100 + random.nextInt(5_000), "")),
          random.nextDouble(),
          now);
    }

    private void leave() {
      PeerId peer = Property.pick(random, OPERATORS).peer();
      scheduler.leave(peer, now);
      working.removeIf(one -> one.peer().equals(peer));
    }

    private void refuse() {
      if (!working.isEmpty()) {
        ShardAssignment one = Property.pick(random, working);
        scheduler.failed(one.shard(), one.peer(), Duration.ofSeconds(3), now);
        working.remove(one);
      }
    }

    private void assign() {
      for (ShardAssignment one : scheduler.assign(now)) {
        assertEquals(one.first(), cuts.putIfAbsent(one.shard(), one.cut()) == null);
        assertFalse(of(one.peer()).mayBeOneOf(done.getOrDefault(one.shard(), List.of())));
        working.stream()
            .filter(other -> other.shard() == one.shard())
            .forEach(other -> assertFalse(of(one.peer()).mayBe(of(other.peer()))));
        working.add(one);
      }
    }

    private void complete() {
      if (working.isEmpty()) {
        return;
      }
      ShardAssignment one = Property.pick(random, working);
      working.remove(one);
      Completion completion = scheduler.completed(one.shard(), one.peer(), now);
      assertTrue(completion.counted());
      done.computeIfAbsent(one.shard(), shard -> new ArrayList<>()).add(of(one.peer()));
      stop(one.shard(), completion.cancelled());
      if (completion.full()) {
        full.add(one.shard());
      }
    }

    private void compare() {
      if (full.isEmpty()) {
        return;
      }
      int shard = full.remove(random.nextInt(full.size()));
      if (random.nextInt(10) == 0 && done.get(shard).size() < 5) {
        scheduler.escalate(shard, 1);
      } else {
        end(shard);
      }
    }

    private void end(int shard) {
      stop(shard, scheduler.settled(shard));
      settled += cuts.remove(shard).items();
    }

    private void stop(int shard, List<PeerId> peers) {
      for (PeerId peer : peers) {
        assertTrue(working.removeIf(one -> one.shard() == shard && one.peer().equals(peer)));
      }
    }

    private static Operator of(PeerId peer) {
      return OPERATORS.stream().filter(one -> one.peer().equals(peer)).findFirst().orElseThrow();
    }
  }

  /** Two that are always idle together share a shard hardly more often than by chance. */
  @Test
  void bringsColludersTogetherSeldom() {
    ShardCutter cutter = new ShardCutter(1_000_000, 1_000);
    for (int i = 0; i < 1_000_000; i++) {
      cutter.add(100);
    }
    Throughput throughput = new Throughput(ThroughputConfig.defaults());
    ShardScheduler scheduler =
        new ShardScheduler(
            SchedulerConfig.defaults(),
            2,
            PriceList.free(),
            MODEL,
            false,
            cutter,
            throughput,
            new SplittableRandom(1));
    List<Operator> peers = new ArrayList<>();
    for (int n = 0; n < 20; n++) {
      Operator operator = Operators.operator(n);
      throughput.measured(operator.peer(), MODEL, 10_000, Duration.ofSeconds(10), 0);
      peers.add(operator);
      scheduler.join(Operators.candidate(operator, 1_000), n, 0);
    }
    Map<PeerId, Integer> working = new HashMap<>();
    Map<Integer, Integer> done = new HashMap<>();
    int shared = 0;
    int rounds = 1_000;
    for (int round = 0; round < rounds; round++) {
      // The last two go first, and at once.
      List<Operator> pair = round % 10 == 0 ? peers : peers.subList(18, 20);
      for (Operator operator : pair) {
        Integer shard = working.remove(operator.peer());
        if (shard != null) {
          scheduler.completed(shard, operator.peer(), round * (20 * SECOND));
          if (done.merge(shard, 1, Integer::sum) == 2) {
            scheduler.settled(shard);
          }
        }
      }
      scheduler.assign(round * (20 * SECOND)).forEach(one -> working.put(one.peer(), one.shard()));
      if (working.get(peers.get(18).peer()).equals(working.get(peers.get(19).peer()))) {
        shared++;
      }
    }

    assertTrue(shared < rounds / 8, "they shared " + shared + " of " + rounds);
  }
}
