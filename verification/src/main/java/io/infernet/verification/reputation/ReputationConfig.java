package io.infernet.verification.reputation;

import java.time.Duration;

/**
 * How experience becomes a score, and how much of it is kept.
 *
 * @param halfLife after which passes and convictions weigh half
 * @param convictionWeight what a conviction adds to β
 * @param failsToConvict failed checks of one worker and model that convict
 * @param failsWithin the time within which they must come
 * @param firstBan how long the first conviction bans; each further one twice as long
 * @param convictionsToBanForGood how many ban for good
 * @param maxEvidenceAge evidence about older work counts for nothing
 * @param maxClockSkew how far ahead another's clock may be
 * @param maxWorkers workers about whom something is kept
 * @param maxModels models of each
 * @param maxEntries single pieces of evidence for each of these; older ones are added up
 */
public record ReputationConfig(
    Duration halfLife,
    double convictionWeight,
    int failsToConvict,
    Duration failsWithin,
    Duration firstBan,
    int convictionsToBanForGood,
    Duration maxEvidenceAge,
    Duration maxClockSkew,
    int maxWorkers,
    int maxModels,
    int maxEntries) {

  public ReputationConfig {
    requirePositive(halfLife, "halfLife");
    requirePositive(failsWithin, "failsWithin");
    requirePositive(firstBan, "firstBan");
    requirePositive(maxEvidenceAge, "maxEvidenceAge");
    if (maxClockSkew.isNegative()) {
      throw new IllegalArgumentException("maxClockSkew is negative: " + maxClockSkew);
    }
    if (!(convictionWeight > 0 && convictionWeight <= 1e6)) {
      throw new IllegalArgumentException("convictionWeight out of range: " + convictionWeight);
    }
    requirePositive(failsToConvict, "failsToConvict");
    requirePositive(convictionsToBanForGood, "convictionsToBanForGood");
    requirePositive(maxWorkers, "maxWorkers");
    requirePositive(maxModels, "maxModels");
    if (maxEntries < failsToConvict + convictionsToBanForGood) {
      throw new IllegalArgumentException(
          "maxEntries must hold what convicts and bans: " + maxEntries);
    }
  }

  private static void requirePositive(int value, String name) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " is below 1: " + value);
    }
  }

  private static void requirePositive(Duration value, String name) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " is not positive: " + value);
    }
  }

  /**
   * Half-life 30 days and weight 50; three failed checks within 30 days convict; bans of 7 days, 14
   * days, then for good; evidence up to 60 days old, clocks up to 5 minutes ahead; 10,000 workers
   * with 32 models and 64 entries each.
   */
  public static ReputationConfig defaults() {
    return new ReputationConfig(
        Duration.ofDays(30),
        50,
        3,
        Duration.ofDays(30),
        Duration.ofDays(7),
        3,
        Duration.ofDays(60),
        Duration.ofMinutes(5),
        10_000,
        32,
        64);
  }
}
