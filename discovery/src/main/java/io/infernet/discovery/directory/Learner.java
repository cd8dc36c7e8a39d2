package io.infernet.discovery.directory;

import io.infernet.libp2p.peer.PeerId;

/** Takes in records, however they came. Safe from any thread. */
@FunctionalInterface
interface Learner {

  /**
   * @param source the authenticated peer that brought it
   */
  CapabilityTable.Outcome learn(SignedCapability signed, CapabilityTable.Way way, PeerId source);
}
