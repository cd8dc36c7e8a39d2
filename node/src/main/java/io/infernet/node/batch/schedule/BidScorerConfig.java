package io.infernet.node.batch.schedule;

import static io.infernet.libp2p.host.Limits.requirePositive;

import java.time.Duration;

/**
 * What counts in the comparison of bids. Each quality is a number from 0 to 1 that is multiplied by
 * its weight.
 *
 * @param priceWeight how far the price stays below what the client pays
 * @param startWeight how soon it can begin
 * @param throughputWeight how fast it is, compared with the median of all
 * @param reputationWeight its reputation
 * @param latencyWeight how fast it answered before
 * @param halfStart the wait that counts half
 * @param halfLatency the latency that counts half
 */
public record BidScorerConfig(
    double priceWeight,
    double startWeight,
    double throughputWeight,
    double reputationWeight,
    double latencyWeight,
    Duration halfStart,
    Duration halfLatency) {

  public BidScorerConfig {
    for (double weight :
        new double[] {
          priceWeight, startWeight, throughputWeight, reputationWeight, latencyWeight
        }) {
      if (!(weight >= 0 && weight <= 1_000)) {
        throw new IllegalArgumentException("a weight is out of range: " + weight);
      }
    }
    requirePositive(halfStart, "halfStart");
    requirePositive(halfLatency, "halfLatency");
  }

  /** Reputation and speed count most; a batch cares little about latency. */
  public static BidScorerConfig defaults() {
    return new BidScorerConfig(2, 1, 3, 3, 0.5, Duration.ofSeconds(10), Duration.ofMillis(100));
  }
}
