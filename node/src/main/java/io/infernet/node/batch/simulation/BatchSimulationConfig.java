package io.infernet.node.batch.simulation;

import static io.infernet.libp2p.host.Limits.requireAtLeast;
import static io.infernet.libp2p.host.Limits.requirePositive;
import static java.util.Objects.requireNonNull;

import io.infernet.node.batch.schedule.BatchQuote;
import io.infernet.node.batch.schedule.SchedulerConfig;
import java.time.Duration;

/**
 * A batch and a network that are made up.
 *
 * @param providers how many bid
 * @param slowest tokens per second of the slowest one
 * @param spread how many times faster the fastest one is; between them speeds are spread evenly on
 *     a logarithmic scale
 * @param items of the batch
 * @param tokens of an item on average; single ones have a quarter to four times as many
 * @param replicas of each shard
 * @param failing share of the providers that fall silent for good
 * @param failuresWithin they do so at random times within that time
 * @param wrong share of the replicas whose result agrees with no other
 * @param boasting share of the providers that claim ten times their speed
 * @param noise a shard takes up to this part more or less than the provider's speed lets expect
 * @param minLatency of a message to or from the nearest provider
 * @param maxLatency of a message to or from the farthest
 * @param scheduler how shards are handed out
 * @param seed the same seed gives the same run
 */
public record BatchSimulationConfig(
    int providers,
    double slowest,
    double spread,
    int items,
    int tokens,
    int replicas,
    double failing,
    Duration failuresWithin,
    double wrong,
    double boasting,
    double noise,
    Duration minLatency,
    Duration maxLatency,
    SchedulerConfig scheduler,
    long seed) {

  /** Bounds memory and time of a run. */
  public static final int MAX_PROVIDERS = 10_000;

  /** Likewise. */
  public static final int MAX_ITEMS = 10_000_000;

  private static final int MAX_TOKENS = 1_000_000;

  public BatchSimulationConfig {
    requireInRange(providers, 1, MAX_PROVIDERS, "providers");
    requireInRange(slowest, 0.1, 1e6, "slowest");
    requireInRange(spread, 1, 1_000, "spread");
    requireInRange(items, 1, MAX_ITEMS, "items");
    requireInRange(tokens, 4, MAX_TOKENS, "tokens");
    requireInRange(replicas, 1, Math.min(BatchQuote.MAX_REPLICAS, providers), "replicas");
    requireInRange(failing, 0, 0.9, "failing");
    requirePositive(failuresWithin, "failuresWithin");
    requireInRange(wrong, 0, 0.2, "wrong");
    requireInRange(boasting, 0, 1, "boasting");
    requireInRange(noise, 0, 0.9, "noise");
    requirePositive(minLatency, "minLatency");
    requireAtLeast(maxLatency, minLatency, "maxLatency", "minLatency");
    requireNonNull(scheduler, "scheduler is null");
  }

  private static void requireInRange(double value, double least, double most, String name) {
    if (!(value >= least && value <= most)) {
      throw new IllegalArgumentException(
          String.format("%s must be %.10g to %.10g, not %.10g", name, least, most, value));
    }
  }

  /** 200 providers that differ by ten times, and work for ten minutes; all goes well. */
  public static BatchSimulationConfig defaults() {
    return new BatchSimulationConfig(
        200,
        50,
        10,
        30_000,
        400,
        2,
        0,
        Duration.ofMinutes(10),
        0,
        0.1,
        0.1,
        Duration.ofMillis(10),
        Duration.ofMillis(150),
        SchedulerConfig.defaults(),
        1);
  }

  /** The same with that share of the providers failing within that time. */
  public BatchSimulationConfig withFailures(double share, Duration within) {
    return new BatchSimulationConfig(
        providers,
        slowest,
        spread,
        items,
        tokens,
        replicas,
        share,
        within,
        wrong,
        boasting,
        noise,
        minLatency,
        maxLatency,
        scheduler,
        seed);
  }
}
