package io.infernet.discovery.gossip.wire;

/**
 * How large what pubsub peers send may be. An RPC over one of them violates the protocol.
 *
 * @param maxRpcSize bytes of one RPC
 * @param maxDataSize bytes of one message's content
 * @param maxTopicLength characters of a topic's name
 * @param maxSubscriptions topics joined and left in one RPC
 * @param maxMessages messages in one RPC
 * @param maxControlMessages control messages of one kind in one RPC
 * @param maxMessageIds message ids in all control messages of one kind in one RPC
 * @param maxMessageIdLength bytes of a message id
 * @param maxOtherPeers peers that one prune may recommend
 * @param maxPeerRecordSize bytes of a recommended peer's signed record
 */
public record GossipWireLimits(
    int maxRpcSize,
    int maxDataSize,
    int maxTopicLength,
    int maxSubscriptions,
    int maxMessages,
    int maxControlMessages,
    int maxMessageIds,
    int maxMessageIdLength,
    int maxOtherPeers,
    int maxPeerRecordSize) {

  /** More than author, number, topic, signature and key of a message take, and the headers. */
  public static final int MESSAGE_OVERHEAD = 4 * 1024;

  public GossipWireLimits {
    if (maxDataSize < 1
        || maxTopicLength < 1
        || maxSubscriptions < 1
        || maxMessages < 1
        || maxControlMessages < 1
        || maxMessageIds < 1
        || maxMessageIdLength < 1
        || maxOtherPeers < 1
        || maxPeerRecordSize < 1) {
      throw new IllegalArgumentException("a limit of gossip is below 1");
    }
    if (maxRpcSize < maxDataSize + (long) MESSAGE_OVERHEAD + 4L * maxTopicLength) {
      throw new IllegalArgumentException(
          "maxRpcSize " + maxRpcSize + " leaves no room for a message of maxDataSize");
    }
  }

  /**
   * An RPC of 1 MiB, as others' defaults are; 5,000 ids, as many as the reference implementations
   * read; ids long enough for those that js-libp2p makes of RSA keys.
   */
  public static GossipWireLimits defaults() {
    return new GossipWireLimits(
        1 << 20, (1 << 20) - 8 * 1024, 256, 1_000, 1_000, 1_000, 5_000, 640, 32, 8 * 1024);
  }
}
