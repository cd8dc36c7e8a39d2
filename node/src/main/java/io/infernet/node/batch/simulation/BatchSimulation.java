package io.infernet.node.batch.simulation;

import io.infernet.discovery.directory.PriceList;
import io.infernet.libp2p.concurrent.Scheduler.Cancellable;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.simulation.SimulatedIdentities;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.node.batch.schedule.Approach;
import io.infernet.node.batch.schedule.BidScorer;
import io.infernet.node.batch.schedule.BidScorerConfig;
import io.infernet.node.batch.schedule.Candidate;
import io.infernet.node.batch.schedule.Capacity;
import io.infernet.node.batch.schedule.Completion;
import io.infernet.node.batch.schedule.Operator;
import io.infernet.node.batch.schedule.ScoredBid;
import io.infernet.node.batch.schedule.ShardAssignment;
import io.infernet.node.batch.schedule.ShardCutter;
import io.infernet.node.batch.schedule.ShardScheduler;
import io.infernet.node.batch.schedule.Throughput;
import io.infernet.node.batch.schedule.ThroughputConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Runs one batch on virtual time: a {@link ShardScheduler} and providers that take their time, fail
 * or are wrong. Checks on the way that each item is settled once and that nobody computes a shard
 * twice. To be run once, by one thread.
 */
public final class BatchSimulation {

  private static final double NANOS = 1e9;
  private static final int MAX_WAITING_ITEMS = 65_536;
  private static final int MAX_ITEMS_OF_SHARD = 4_096;
  private static final int DIRECT_DECISIONS = 1_000;
  private static final double BOAST = 10;

  /** Other claims are wrong by up to this part. */
  private static final double CLAIM_ERROR = 0.3;

  private static final PriceList PRICES = new PriceList(0, 1_000);
  private static final Cid MODEL = Cid.of(Cid.RAW, Multihash.sha256(new byte[] {1}));

  private final BatchSimulationConfig config;
  private final Ticker wall;
  private final VirtualTime time = new VirtualTime();
  private final SplittableRandom random;
  private final SplittableRandom itemRandom;
  private final Throughput throughput = new Throughput(ThroughputConfig.defaults());
  private final ShardCutter cutter = new ShardCutter(MAX_WAITING_ITEMS, MAX_ITEMS_OF_SHARD);
  private final ShardScheduler scheduler;
  private final Map<PeerId, Provider> providers = new LinkedHashMap<>();
  private final Map<Integer, Shard> shards = new HashMap<>();
  private final List<Long> directNanos = new ArrayList<>();
  private final List<Long> assignNanos = new ArrayList<>();
  private OptionalInt pendingItem = OptionalInt.empty();
  private int fed;
  private long tokens;
  private long itemsSettled;
  private int settled;
  private int unsettled;
  private int started;
  private int doubled;
  private int expired;
  private int escalated;
  private int mostUnsettled;
  private long lastSettled;
  private long trace;
  private @Nullable Cancellable review;

  private static final class Provider {
    final Operator operator;
    final double speed;
    final Duration latency;
    final long silentFrom;
    int work;

    Provider(Operator operator, double speed, Duration latency, long silentFrom) {
      this.operator = operator;
      this.speed = speed;
      this.latency = latency;
      this.silentFrom = silentFrom;
    }
  }

  /** What came of a shard so far. */
  private static final class Shard {
    final ShardCutter.Cut cut;
    final List<Operator> done = new ArrayList<>();
    int wrong;

    Shard(ShardCutter.Cut cut) {
      this.cut = cut;
    }
  }

  /**
   * @param wall measures how long decisions take
   */
  public BatchSimulation(BatchSimulationConfig config, Ticker wall) {
    this.config = config;
    this.wall = wall;
    this.random = new SplittableRandom(config.seed());
    this.itemRandom = random.split();
    this.scheduler =
        new ShardScheduler(
            config.scheduler(),
            config.replicas(),
            PRICES,
            MODEL,
            false,
            cutter,
            throughput,
            random.split());
  }

  /**
   * Runs the batch to its end.
   *
   * @throws IllegalStateException when an item was lost or settled twice, when one operator
   *     computed a shard twice, or when nothing goes on
   */
  public BatchSimulationResult run() {
    int failed = makeProviders();
    bid();
    pump();
    while (!scheduler.isDone()) {
      if (!time.runNext()) {
        throw new IllegalStateException(
            "nothing goes on: " + scheduler.standstill(time.nanoTime()).orElse("no reason known"));
      }
    }
    if (itemsSettled != config.items() && unsettled == 0) {
      throw new IllegalStateException(itemsSettled + " of " + config.items() + " items settled");
    }
    return new BatchSimulationResult(
        Duration.ofNanos(lastSettled),
        ideal(),
        tokens,
        settled,
        unsettled,
        started,
        doubled,
        expired,
        escalated,
        mostUnsettled,
        failed,
        decisions(directNanos),
        decisions(assignNanos),
        trace);
  }

  private int makeProviders() {
    SimulatedIdentities identities = new SimulatedIdentities(random.split());
    SplittableRandom own = random.split();
    int failing = (int) Math.round(config.providers() * config.failing());
    for (int i = 0; i < config.providers(); i++) {
      double place = config.providers() == 1 ? 0 : (double) i / (config.providers() - 1);
      double speed = config.slowest() * Math.pow(config.spread(), place);
      long span = config.maxLatency().minus(config.minLatency()).toNanos();
      Duration latency = config.minLatency().plusNanos((long) (span * own.nextDouble()));
      Operator operator = new Operator(identities.nextPeer(), Optional.empty(), Set.of());
      providers.put(operator.peer(), new Provider(operator, speed, latency, Long.MAX_VALUE));
    }
    List<Provider> some = new ArrayList<>(providers.values());
    for (int i = 0; i < failing; i++) {
      int drawn = i + own.nextInt(some.size() - i);
      Provider provider = some.get(drawn);
      some.set(drawn, some.get(i));
      long silentFrom = (long) (own.nextDouble() * config.failuresWithin().toNanos());
      providers.put(
          provider.operator.peer(),
          new Provider(provider.operator, provider.speed, provider.latency, silentFrom));
    }
    return failing;
  }

  /** All bid; the aggregator takes all whom it can pay. */
  private void bid() {
    SplittableRandom own = random.split();
    List<Candidate> candidates = new ArrayList<>();
    for (Provider provider : providers.values()) {
      double claim =
          provider.speed
              * (own.nextDouble() < config.boasting()
                  ? BOAST
                  : 1 + CLAIM_ERROR * (2 * own.nextDouble() - 1));
      PeerId peer = provider.operator.peer();
      throughput.claimed(peer, MODEL, claim, 0);
      candidates.add(
          new Candidate(
              provider.operator,
              new PriceList(0, 500 + own.nextInt(500)),
              0,
              throughput.of(peer, MODEL, 0).orElseThrow(),
              own.nextDouble(),
              Optional.of(provider.latency),
              Capacity.plain()));
    }
    BidScorer scorer = new BidScorer(BidScorerConfig.defaults(), own.split());
    for (int i = 0; i < DIRECT_DECISIONS; i++) {
      long before = wall.nanoTime();
      BidScorer.Needs needs = new BidScorer.Needs(1 + i, PRICES, 0, OptionalLong.empty());
      Approach.of(
          Duration.ofSeconds(10), 1 + i, config.replicas(), scorer.score(candidates, needs, 0));
      directNanos.add(wall.nanoTime() - before);
    }
    BidScorer.Needs needs = new BidScorer.Needs(1_000, PRICES, 0, OptionalLong.empty());
    for (ScoredBid bid : scorer.score(candidates, needs, 0)) {
      scheduler.join(bid.candidate(), bid.score(), 0);
    }
  }

  /** Decides what is due now. */
  private void pump() {
    feed();
    long now = time.nanoTime();
    long before = wall.nanoTime();
    List<ShardAssignment> late = scheduler.expire(now);
    List<ShardAssignment> assigned = scheduler.assign(now);
    OptionalLong next = scheduler.nextReview(now);
    assignNanos.add(wall.nanoTime() - before);
    expired += late.size();
    late.forEach(assignment -> mix(-1 - assignment.shard()));
    assigned.forEach(this::send);
    for (int shard : scheduler.exhausted()) {
      scheduler.settled(shard);
      shards.remove(shard);
      unsettled++;
    }
    mostUnsettled = Math.max(mostUnsettled, shards.size());
    if (review != null) {
      review.cancel();
      review = null;
    }
    if (next.isPresent()) {
      review = time.schedule(Duration.ofNanos(Math.max(1, next.getAsLong() - now)), this::pump);
    }
  }

  private void feed() {
    while (fed < config.items()) {
      int item = pendingItem.orElseGet(this::nextItem);
      if (!cutter.add(item)) {
        pendingItem = OptionalInt.of(item);
        return;
      }
      pendingItem = OptionalInt.empty();
      tokens += item;
      fed++;
    }
    cutter.end();
  }

  /** A quarter to four times the average, evenly on a logarithmic scale. */
  private int nextItem() {
    double factor = Math.pow(4, 2 * itemRandom.nextDouble() - 1);
    double mean = (4 - 0.25) / Math.log(16); // of such factors
    return Math.max(1, (int) Math.round(config.tokens() * factor / mean));
  }

  private void send(ShardAssignment assignment) {
    started++;
    doubled += assignment.doubled() ? 1 : 0;
    mix(assignment.shard());
    mix(assignment.peer().hashCode());
    if (assignment.first()) {
      shards.put(assignment.shard(), new Shard(assignment.cut()));
    }
    Provider provider = providers.get(assignment.peer());
    int work = ++provider.work;
    double speed = provider.speed * (1 + config.noise() * (2 * random.nextDouble() - 1));
    Duration takes =
        Duration.ofNanos((long) (assignment.cut().tokens() / speed * NANOS))
            .plus(provider.latency.multipliedBy(2));
    boolean wrong = random.nextDouble() < config.wrong();
    time.schedule(
        takes,
        () -> {
          if (provider.work == work && time.nanoTime() < provider.silentFrom) {
            committed(assignment.shard(), provider, wrong);
          }
        });
  }

  private void committed(int number, Provider provider, boolean wrong) {
    Completion completion = scheduler.completed(number, provider.operator.peer(), time.nanoTime());
    for (PeerId peer : completion.cancelled()) {
      providers.get(peer).work++;
    }
    Shard shard = shards.get(number);
    if (completion.counted() && shard != null) {
      if (provider.operator.mayBeOneOf(shard.done)) {
        throw new IllegalStateException("one operator computed shard " + number + " twice");
      }
      shard.done.add(provider.operator);
      shard.wrong += wrong ? 1 : 0;
      if (completion.full()) {
        // The reveals take a round trip.
        time.schedule(config.maxLatency().multipliedBy(2), () -> compare(number, shard));
      }
    }
    pump();
  }

  /** Settles a shard, or asks for a third replica and then for two more. */
  private void compare(int number, Shard shard) {
    if (shards.get(number) != shard) {
      return;
    }
    int done = shard.done.size();
    boolean majority = done >= 5 && shard.wrong * 2 < done;
    if (config.replicas() == 1 || shard.wrong == 0 || majority) {
      scheduler.settled(number);
      shards.remove(number);
      itemsSettled += shard.cut.items();
      settled++;
      lastSettled = time.nanoTime();
      mix(number);
    } else if (done >= 5) {
      scheduler.settled(number);
      shards.remove(number);
      unsettled++;
    } else {
      scheduler.escalate(number, done < 3 ? 3 - done : 5 - done);
      escalated++;
    }
    pump();
  }

  private Duration ideal() {
    double speed = providers.values().stream().mapToDouble(provider -> provider.speed).sum();
    return Duration.ofNanos((long) ((double) tokens * config.replicas() / speed * NANOS))
        .plus(config.scheduler().shortest())
        .plus(config.maxLatency().multipliedBy(2));
  }

  private void mix(long value) {
    long z = (trace ^ value ^ time.nanoTime()) + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    trace = z ^ (z >>> 31);
  }

  private static BatchSimulationResult.Decisions decisions(List<Long> nanos) {
    long[] sorted = nanos.stream().mapToLong(Long::longValue).toArray();
    Arrays.sort(sorted);
    int last = sorted.length - 1;
    return new BatchSimulationResult.Decisions(
        sorted.length,
        Duration.ofNanos(sorted[last / 2]),
        Duration.ofNanos(sorted[(int) (last * 0.99)]),
        Duration.ofNanos(sorted[last]));
  }
}
