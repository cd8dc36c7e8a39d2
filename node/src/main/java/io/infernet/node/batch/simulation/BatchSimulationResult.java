package io.infernet.node.batch.simulation;

import java.time.Duration;

/**
 * How a batch went.
 *
 * @param makespan from the first decision to the last settled shard, in simulated time
 * @param ideal what no schedule can do much better than: the tokens of all replicas by the speed of
 *     all providers together (as if the replicas of a shard need not be at distinct ones), and the
 *     last shard: the shortest there is, with a round trip to the farthest provider
 * @param tokens of the batch
 * @param shards settled
 * @param unsettled shards that were given up
 * @param replicas started
 * @param doubled of these, to race against stragglers
 * @param expired of these, given up at their deadline
 * @param escalated shards for which further replicas were asked
 * @param mostUnsettled shards that were cut and not settled at a time
 * @param failed providers that fell silent
 * @param direct how long the choice among all known providers took, in real time
 * @param assign how long it took to hand out work after something had happened, in real time
 * @param trace a hash of all that was decided: the same for the same seed
 */
public record BatchSimulationResult(
    Duration makespan,
    Duration ideal,
    long tokens,
    int shards,
    int unsettled,
    int replicas,
    int doubled,
    int expired,
    int escalated,
    int mostUnsettled,
    int failed,
    Decisions direct,
    Decisions assign,
    long trace) {

  /**
   * How long decisions took.
   *
   * @param count how many there were
   */
  public record Decisions(int count, Duration median, Duration p99, Duration max) {}

  /** The makespan as a multiple of the ideal. */
  public double ratio() {
    return (double) makespan.toNanos() / ideal.toNanos();
  }
}
