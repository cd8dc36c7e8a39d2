package io.infernet.discovery.gossip.score;

import java.time.Duration;

/**
 * What a peer's behaviour in one topic counts for, gossipsub v1.1 "Overview of New Parameters". A
 * weight of 0 switches its parameter off. Decays are factors per {@link
 * PeerScoreParams#decayInterval}.
 *
 * @param weight of the topic among all
 * @param meshTime P1, how long it is in the mesh
 * @param firstDeliveries P2, messages that it was the first to deliver
 * @param meshDeliveries P3, too few messages for a peer of the mesh; and P3b, those that it failed
 *     to deliver by the time it was pruned
 * @param invalid P4, messages that were refused
 */
public record TopicScoreParams(
    double weight,
    MeshTime meshTime,
    FirstDeliveries firstDeliveries,
    MeshDeliveries meshDeliveries,
    Invalid invalid) {

  public TopicScoreParams {
    Checks.atLeast(weight, 0, "weight");
  }

  /**
   * P1: time in the mesh, in quanta.
   *
   * @param weight 0 or more
   * @param quantum that counts 1
   * @param cap most that is counted
   */
  public record MeshTime(double weight, Duration quantum, double cap) {
    public MeshTime {
      Checks.atLeast(weight, 0, "meshTime.weight");
      Checks.positive(quantum, "meshTime.quantum");
      Checks.positive(cap, "meshTime.cap");
    }
  }

  /**
   * P2: messages first delivered.
   *
   * @param weight 0 or more
   * @param cap most that are counted
   */
  public record FirstDeliveries(double weight, double decay, double cap) {
    public FirstDeliveries {
      Checks.atLeast(weight, 0, "firstDeliveries.weight");
      Checks.decay(decay, "firstDeliveries.decay");
      Checks.positive(cap, "firstDeliveries.cap");
    }
  }

  /**
   * P3 and P3b: the square of what is missing to the threshold of messages delivered first or
   * nearly so.
   *
   * @param weight of P3, 0 or less
   * @param cap most that are counted, at least the threshold
   * @param threshold messages, decaying, that a peer of the mesh should deliver; depends on the
   *     topic's rate
   * @param window how long after the first delivery's validation another counts
   * @param activation time in the mesh before the parameter applies
   * @param failureWeight of P3b, 0 or less
   * @param failureDecay of P3b
   */
  public record MeshDeliveries(
      double weight,
      double decay,
      double cap,
      double threshold,
      Duration window,
      Duration activation,
      double failureWeight,
      double failureDecay) {
    public MeshDeliveries {
      Checks.notPositive(weight, "meshDeliveries.weight");
      Checks.decay(decay, "meshDeliveries.decay");
      Checks.positive(threshold, "meshDeliveries.threshold");
      Checks.atLeast(cap, threshold, "meshDeliveries.cap");
      Checks.notNegative(window, "meshDeliveries.window");
      Checks.positive(activation, "meshDeliveries.activation");
      Checks.notPositive(failureWeight, "meshDeliveries.failureWeight");
      Checks.decay(failureDecay, "meshDeliveries.failureDecay");
    }

    /** Switched off, for topics whose rate is not known. */
    public static MeshDeliveries off() {
      return new MeshDeliveries(0, 0.5, 1, 1, Duration.ofMillis(10), Duration.ofMinutes(1), 0, 0.5);
    }
  }

  /**
   * P4: the square of the number of invalid messages.
   *
   * @param weight 0 or less
   */
  public record Invalid(double weight, double decay) {
    public Invalid {
      Checks.notPositive(weight, "invalid.weight");
      Checks.decay(decay, "invalid.decay");
    }
  }

  /**
   * For a topic whose rate depends on the size of the network, as all of Infernet's do: P3 is off.
   * Half an hour in the mesh is worth 0.9, first deliveries at most 20 and half of that after 5
   * minutes without one. Four invalid messages cost 160 and are forgiven over an hour.
   */
  public static TopicScoreParams defaults() {
    return new TopicScoreParams(
        1,
        new MeshTime(0.03, Duration.ofMinutes(1), 30),
        new FirstDeliveries(0.5, 0.9977, 40),
        MeshDeliveries.off(),
        new Invalid(-10, 0.999));
  }
}
