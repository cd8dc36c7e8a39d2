package io.infernet.discovery.gossip.mesh;

import io.infernet.libp2p.host.Limits;
import java.time.Duration;

/**
 * The shape of a mesh, gossipsub v1.0 and v1.1 "Parameters".
 *
 * @param degree D: peers that a mesh should have
 * @param degreeLow D_low: below it, peers are grafted
 * @param degreeHigh D_high: above it, peers are pruned
 * @param degreeScore D_score: how many of the best peers survive pruning for certain
 * @param degreeOut D_out: peers of a mesh that this node dialled itself, at least
 * @param pruneBackoff how long a pruned peer must not be grafted again
 * @param unsubscribeBackoff the same after leaving a topic, and for a peer whose GRAFT is refused
 *     only because the mesh is full
 * @param maxBackoff longest back-off that another peer may ask for
 * @param backoffSlack how much longer this node waits before it grafts again
 * @param graftFlood a GRAFT that comes this soon after a PRUNE counts twice against the peer
 * @param maxBackoffs pairs of topic and peer whose back-off is remembered
 * @param opportunisticGraftInterval how often a mesh of low scores gets better peers
 * @param opportunisticGraftPeers how many it gets
 * @param exchangedPeers peers named in a PRUNE, and followed from one
 */
public record MeshConfig(
    int degree,
    int degreeLow,
    int degreeHigh,
    int degreeScore,
    int degreeOut,
    Duration pruneBackoff,
    Duration unsubscribeBackoff,
    Duration maxBackoff,
    Duration backoffSlack,
    Duration graftFlood,
    int maxBackoffs,
    Duration opportunisticGraftInterval,
    int opportunisticGraftPeers,
    int exchangedPeers) {

  public MeshConfig {
    if (degree < 0 || degreeOut < 0 || degreeScore < 0) {
      throw new IllegalArgumentException("a degree of the mesh is negative");
    }
    Limits.requireAtLeast(degree, degreeLow, "degree", "degreeLow");
    Limits.requireAtLeast(degreeHigh, degree, "degreeHigh", "degree");
    Limits.requireAtLeast(degree, degreeScore, "degree", "degreeScore");
    // gossipsub v1.1 "Outbound Mesh Quotas": below D_low and at most D/2.
    if (degree > 0 && (degreeOut >= degreeLow || degreeOut > degree / 2)) {
      throw new IllegalArgumentException(
          "degreeOut (" + degreeOut + ") must be below degreeLow and at most half of degree");
    }
    Limits.requirePositive(pruneBackoff, "pruneBackoff");
    Limits.requirePositive(unsubscribeBackoff, "unsubscribeBackoff");
    Limits.requireAtLeast(maxBackoff, pruneBackoff, "maxBackoff", "pruneBackoff");
    Limits.requireNotNegative(backoffSlack, "backoffSlack");
    Limits.requireNotNegative(graftFlood, "graftFlood");
    Limits.requirePositive(maxBackoffs, "maxBackoffs");
    Limits.requirePositive(opportunisticGraftInterval, "opportunisticGraftInterval");
    Limits.requirePositive(opportunisticGraftPeers, "opportunisticGraftPeers");
    Limits.requirePositive(exchangedPeers, "exchangedPeers");
  }

  /**
   * The specification's values but for D_high, which is 12 there: meshes then have 8 to 9 peers on
   * average, and each message comes 7 times. With 8 they have 6.7 and it comes as fast.
   */
  public static MeshConfig defaults() {
    return new MeshConfig(
        6,
        5,
        8,
        4,
        2,
        Duration.ofMinutes(1),
        Duration.ofSeconds(10),
        Duration.ofHours(1),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10),
        20_000,
        Duration.ofMinutes(1),
        2,
        16);
  }
}
