package io.infernet.discovery.gossip.score;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * What counts for peers as a whole, gossipsub v1.1 "Overview of New Parameters".
 *
 * @param thresholds which scores allow what
 * @param defaultTopic for topics without parameters of their own
 * @param topicScoreCap most that all topics together add; 0 for no cap
 * @param applicationWeight P5, of the score that the application gives; 0 or more
 * @param colocation P6, many peers at one address
 * @param behaviour P7, offences against the protocol
 * @param decayInterval how often counters decay, 1 s or more
 * @param decayToZero counters below are 0; between 0 and 1
 * @param retainScore how long a score is kept after the peer left
 * @param maxPeers scores that are kept, of connected and other peers
 * @param maxTopicsPerPeer topics that are counted for one peer
 * @param maxDeliveryRecords messages whose deliverers are known
 * @param deliveryRecordLifetime for how long these are known
 */
public record PeerScoreParams(
    ScoreThresholds thresholds,
    TopicScoreParams defaultTopic,
    double topicScoreCap,
    double applicationWeight,
    Colocation colocation,
    Behaviour behaviour,
    Duration decayInterval,
    double decayToZero,
    Duration retainScore,
    int maxPeers,
    int maxTopicsPerPeer,
    int maxDeliveryRecords,
    Duration deliveryRecordLifetime) {

  public PeerScoreParams {
    requireNonNull(thresholds, "thresholds is null");
    requireNonNull(defaultTopic, "defaultTopic is null");
    requireNonNull(colocation, "colocation is null");
    requireNonNull(behaviour, "behaviour is null");
    Checks.atLeast(topicScoreCap, 0, "topicScoreCap");
    Checks.atLeast(applicationWeight, 0, "applicationWeight");
    if (decayInterval.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new IllegalArgumentException("decayInterval is below 1 s: " + decayInterval);
    }
    Checks.decay(decayToZero, "decayToZero");
    Checks.notNegative(retainScore, "retainScore");
    Checks.positive(maxPeers, "maxPeers");
    Checks.positive(maxTopicsPerPeer, "maxTopicsPerPeer");
    Checks.positive(maxDeliveryRecords, "maxDeliveryRecords");
    Checks.positive(deliveryRecordLifetime, "deliveryRecordLifetime");
  }

  /**
   * P6: the square of the number of connected peers above the threshold at one IP address; for IPv6
   * at one /64, which is what one customer gets.
   *
   * @param weight 0 or less
   * @param threshold peers that may share an address, 1 or more
   * @param exemptPrivate whether loopback, link-local and private addresses do not count
   */
  public record Colocation(double weight, int threshold, boolean exemptPrivate) {
    public Colocation {
      Checks.notPositive(weight, "colocation.weight");
      Checks.atLeast(threshold, 1, "colocation.threshold");
    }
  }

  /**
   * P7: the square of the number of offences above the threshold.
   *
   * @param weight 0 or less
   * @param threshold offences that are forgiven
   */
  public record Behaviour(double weight, double threshold, double decay) {
    public Behaviour {
      Checks.notPositive(weight, "behaviour.weight");
      Checks.atLeast(threshold, 0, "behaviour.threshold");
      Checks.decay(decay, "behaviour.decay");
    }
  }

  /** Decays every second; a bad score outlives the connection by an hour. */
  public static PeerScoreParams defaults() {
    return new PeerScoreParams(
        ScoreThresholds.defaults(),
        TopicScoreParams.defaults(),
        100,
        1,
        new Colocation(-5, 16, true),
        new Behaviour(-1, 2, 0.99),
        Duration.ofSeconds(1),
        0.01,
        Duration.ofHours(1),
        10_000,
        64,
        50_000,
        Duration.ofMinutes(2));
  }
}
