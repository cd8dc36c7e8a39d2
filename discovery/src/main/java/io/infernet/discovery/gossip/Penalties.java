package io.infernet.discovery.gossip;

import io.infernet.discovery.gossip.score.PeerScore;

/**
 * Holds offences against peers (P7 of gossipsub v1.1) and keeps {@link GossipPeer#score} current.
 * Used by the router's executor alone.
 */
final class Penalties {

  private final PeerScore score;

  Penalties(PeerScore score) {
    this.score = score;
  }

  /** Counts offences, and what they do to the score now. */
  void penalize(GossipPeer peer, int offences) {
    score.penalize(peer.id, offences);
    refresh(peer);
  }

  /** As {@link #penalize}, but for offences that come in heaps: one in a heartbeat counts. */
  void penalizeOnce(GossipPeer peer) {
    if (!peer.penalized) {
      peer.penalized = true;
      penalize(peer, 1);
    }
  }

  void refresh(GossipPeer peer) {
    peer.score = score.score(peer.id);
  }
}
