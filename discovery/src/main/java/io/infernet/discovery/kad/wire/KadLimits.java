package io.infernet.discovery.kad.wire;

/**
 * How large the messages of Kademlia may be. What is over a limit makes the message a violation,
 * except for addresses beyond {@code keptAddresses}, which are left out.
 *
 * @param maxMessageSize bytes of a message
 * @param maxPeers peers in each list of a message
 * @param maxInvalidPeers peers in a message whose id is none; they are left out
 * @param maxAddresses addresses of one peer
 * @param keptAddresses addresses of one peer that are read and written
 * @param maxKeyLength bytes of a key
 * @param maxValueLength bytes of a value
 */
public record KadLimits(
    int maxMessageSize,
    int maxPeers,
    int maxInvalidPeers,
    int maxAddresses,
    int keptAddresses,
    int maxKeyLength,
    int maxValueLength) {

  public KadLimits {
    if (maxMessageSize < 1
        || maxPeers < 1
        || maxInvalidPeers < 0
        || maxAddresses < 1
        || keptAddresses < 1
        || maxKeyLength < 1
        || maxValueLength < 0) {
      throw new IllegalArgumentException("a limit of Kademlia's messages is too low");
    }
  }

  /** Room for what other implementations send: go-libp2p allows larger messages, rust smaller. */
  public static KadLimits defaults() {
    return new KadLimits(256 * 1024, 256, 16, 128, 16, 256, 16 * 1024);
  }
}
