package io.infernet.node.job;

import static io.infernet.node.job.JobClientConfig.requirePositive;

import java.time.Duration;

/**
 * What counts in the choice of a provider. Each quality is a number from 0 to 1 that is multiplied
 * by its weight.
 *
 * @param warmWeight whether the model is loaded there
 * @param priceWeight how far the price stays below what the client pays
 * @param latencyWeight how fast it answered before
 * @param loadWeight how many of its slots are free
 * @param reliabilityWeight how seldom it failed lately
 * @param halfLatency the latency that counts half
 * @param firstBackoff how long a provider is left alone after a failure; doubles with each further
 *     one in a row
 * @param maxBackoff the longest time that it is left alone
 * @param maxPeers providers about whom experience is kept
 */
public record SelectorConfig(
    double warmWeight,
    double priceWeight,
    double latencyWeight,
    double loadWeight,
    double reliabilityWeight,
    Duration halfLatency,
    Duration firstBackoff,
    Duration maxBackoff,
    int maxPeers) {

  public SelectorConfig {
    for (double weight :
        new double[] {warmWeight, priceWeight, latencyWeight, loadWeight, reliabilityWeight}) {
      if (!(weight >= 0 && weight <= 1_000)) {
        throw new IllegalArgumentException("a weight is out of range: " + weight);
      }
    }
    requirePositive(halfLatency, "halfLatency");
    requirePositive(firstBackoff, "firstBackoff");
    if (maxBackoff.compareTo(firstBackoff) < 0) {
      throw new IllegalArgumentException("maxBackoff is below firstBackoff");
    }
    if (maxPeers < 1) {
      throw new IllegalArgumentException("maxPeers is below 1: " + maxPeers);
    }
  }

  /** A warm model counts most. */
  public static SelectorConfig defaults() {
    return new SelectorConfig(
        4, 2, 2, 2, 3, Duration.ofMillis(100), Duration.ofSeconds(5), Duration.ofMinutes(5), 4_096);
  }
}
