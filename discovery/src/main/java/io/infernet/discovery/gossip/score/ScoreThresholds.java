package io.infernet.discovery.gossip.score;

/**
 * From which score on a peer takes part in what, gossipsub v1.1 "Score Thresholds". A peer below 0
 * is in no mesh.
 *
 * @param gossip below: no gossip is sent to it or taken from it; at most 0
 * @param publish below: own messages are not sent to it; at most {@code gossip}
 * @param graylist below: nothing is taken from it; at most {@code publish}
 * @param acceptPeers below: the peers that it recommends with a prune are not tried; at least 0
 * @param opportunisticGraft when half of a mesh is below, better peers are grafted; at least 0
 */
public record ScoreThresholds(
    double gossip, double publish, double graylist, double acceptPeers, double opportunisticGraft) {

  public ScoreThresholds {
    Checks.finite(gossip, "gossip");
    Checks.finite(publish, "publish");
    Checks.finite(graylist, "graylist");
    Checks.atLeast(acceptPeers, 0, "acceptPeers");
    Checks.atLeast(opportunisticGraft, 0, "opportunisticGraft");
    if (gossip > 0 || publish > gossip || graylist > publish) {
      throw new IllegalArgumentException(
          "thresholds must not rise: 0, gossip "
              + gossip
              + ", publish "
              + publish
              + ", graylist "
              + graylist);
    }
  }

  /**
   * With the default weights, twelve offences within seconds or four invalid messages end gossip;
   * 22 offences or seven invalid messages and the peer is not listened to.
   */
  public static ScoreThresholds defaults() {
    return new ScoreThresholds(-100, -200, -400, 0, 2);
  }
}
