package io.infernet.node.batch.schedule;

import static io.infernet.libp2p.host.Limits.requirePositive;

import java.time.Duration;

/**
 * How much claims and measurements of speed count.
 *
 * @param halfLife after that time a measurement counts half
 * @param claimTokens a claim counts like a measurement of so many tokens, so that a boast, however
 *     large, adds at most that many to what was measured
 * @param maxTokensPerSecond more than that is believed of nobody
 * @param maxEntries providers and models that are remembered
 */
public record ThroughputConfig(
    Duration halfLife, long claimTokens, double maxTokensPerSecond, int maxEntries) {

  public ThroughputConfig {
    requirePositive(halfLife, "halfLife");
    requirePositive(claimTokens, "claimTokens");
    if (!(maxTokensPerSecond >= 1 && maxTokensPerSecond <= 1e12)) {
      throw new IllegalArgumentException("maxTokensPerSecond out of range: " + maxTokensPerSecond);
    }
    requirePositive(maxEntries, "maxEntries");
  }

  /** Measurements fade within hours; a claim is worth a short answer. */
  public static ThroughputConfig defaults() {
    return new ThroughputConfig(Duration.ofHours(1), 256, 1_000_000, 16_384);
  }
}
