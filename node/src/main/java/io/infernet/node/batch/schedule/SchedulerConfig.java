package io.infernet.node.batch.schedule;

import static io.infernet.libp2p.host.Limits.requireAtLeast;
import static io.infernet.libp2p.host.Limits.requirePositive;

import java.time.Duration;

/**
 * How shards are sized, handed out and watched.
 *
 * @param target how long a provider works on a shard
 * @param shortest the same near the end, where shards become smaller, and for a provider whose
 *     speed was not measured yet
 * @param endParts near the end a shard takes this part of the time that is left
 * @param suitable shards of up to so many times the tokens that a provider should get suit it, and
 *     of as small a part of them
 * @param choice a provider gets a place on a shard of others only when it is drawn from so many, so
 *     that a pair of colluders cannot bring about that they share one; fewer do near the end
 * @param slack a replica is given up after so many times the expected time
 * @param grace and this
 * @param doubleBelow near the end a straggler's shard is given to another one too who takes at most
 *     this part of the time that the straggler still needs
 * @param retryAfter a provider that failed on a shard may have it again after that time
 * @param maxSlots shards that a provider gets at the same time, whatever it says
 * @param maxAttempts after so many a shard is given up
 * @param maxUnsettled shards that are cut and not settled yet
 * @param maxWorkers providers of a batch
 */
public record SchedulerConfig(
    Duration target,
    Duration shortest,
    double endParts,
    double suitable,
    int choice,
    double slack,
    Duration grace,
    double doubleBelow,
    Duration retryAfter,
    int maxSlots,
    int maxAttempts,
    int maxUnsettled,
    int maxWorkers) {

  public SchedulerConfig {
    requirePositive(shortest, "shortest");
    requireAtLeast(target, shortest, "target", "shortest");
    requireInRange(endParts, 1, 100, "endParts");
    requireInRange(suitable, 1, 100, "suitable");
    requirePositive(choice, "choice");
    requireInRange(slack, 1, 100, "slack");
    requirePositive(grace, "grace");
    requireInRange(doubleBelow, 0, 1, "doubleBelow");
    requirePositive(retryAfter, "retryAfter");
    requirePositive(maxSlots, "maxSlots");
    requirePositive(maxAttempts, "maxAttempts");
    requirePositive(maxUnsettled, "maxUnsettled");
    requirePositive(maxWorkers, "maxWorkers");
  }

  private static void requireInRange(double value, double least, double most, String name) {
    if (!(value >= least && value <= most)) {
      throw new IllegalArgumentException(
          name + " must be " + least + " to " + most + ", not " + value);
    }
  }

  /** Shards of 20 s: long beside the network's delays, short beside a batch. */
  public static SchedulerConfig defaults() {
    return new SchedulerConfig(
        Duration.ofSeconds(20),
        Duration.ofSeconds(2),
        3,
        2,
        8,
        3,
        Duration.ofSeconds(5),
        0.8,
        Duration.ofMinutes(1),
        16,
        12,
        4_096,
        10_000);
  }
}
