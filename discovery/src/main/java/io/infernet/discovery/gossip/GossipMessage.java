package io.infernet.discovery.gossip;

import static java.util.Objects.requireNonNull;

import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.discovery.gossip.wire.PublishedMessage;
import io.infernet.libp2p.peer.PeerId;
import java.nio.ByteBuffer;

/**
 * A message that came on a topic.
 *
 * @param from the author, whose signature holds
 * @param receivedFrom the peer that passed it on
 */
public record GossipMessage(
    MessageId id, PublishedMessage message, PeerId from, PeerId receivedFrom) {

  public GossipMessage {
    requireNonNull(id, "id is null");
    requireNonNull(message, "message is null");
    requireNonNull(from, "from is null");
    requireNonNull(receivedFrom, "receivedFrom is null");
  }

  public String topic() {
    return message.topic();
  }

  /** The content. */
  public byte[] data() {
    ByteBuffer view = message.data();
    byte[] data = new byte[view.remaining()];
    view.get(data);
    return data;
  }
}
