package io.infernet.discovery.simulation;

/** What hostile gossip peers do; those of a run do all that was chosen. */
public enum GossipAttack {
  /** They send messages with wrong signatures, and signed ones that validators refuse. */
  INVALID_MESSAGES,
  /** They announce thousands of messages that do not exist. */
  IHAVE_FLOOD,
  /** They graft all the time, however often they are told to wait. */
  GRAFT_FLOOD,
  /** They connect to a few victims in great number and fill their meshes, forwarding nothing. */
  ECLIPSE,
  /** They forward well until the messages that count are published, and then nothing more. */
  COVERT_FLASH,
  /** All of them are at one IP address. */
  SYBIL;

  /** Whether it takes a peer that is no gossip router at all. */
  boolean floods() {
    return this == INVALID_MESSAGES || this == IHAVE_FLOOD || this == GRAFT_FLOOD;
  }
}
