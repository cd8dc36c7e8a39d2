package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerId;

/**
 * Who makes an answer.
 *
 * @param peer its id
 * @param local whether it is this node itself
 */
public record Provider(PeerId peer, boolean local) {

  public Provider {
    requireNonNull(peer, "peer is null");
  }

  /** The peer id, or {@code this machine}. */
  @Override
  public String toString() {
    return local ? "this machine" : peer.toString();
  }
}
