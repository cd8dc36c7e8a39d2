package io.infernet.discovery.gossip.mesh;

import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.libp2p.peer.PeerId;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The valid messages of the last heartbeats, for gossip about them and for peers who ask: gossipsub
 * v1.0 "Message Cache". Bounded in messages and bytes: the oldest go first.
 */
public final class MessageCache {

  private final LazyGossipConfig config;
  private final Map<MessageId, Entry> entries = new LinkedHashMap<>();

  /** Ids by heartbeat, the present one first. */
  private final Deque<List<MessageId>> windows = new ArrayDeque<>();

  private long bytes;

  private static final class Entry {
    final String topic;
    final ByteBuffer frame;

    /** How often each peer got it for asking. */
    final Map<PeerId, Integer> sent = new HashMap<>(2);

    Entry(String topic, ByteBuffer frame) {
      this.topic = topic;
      this.frame = frame;
    }
  }

  public MessageCache(LazyGossipConfig config) {
    this.config = config;
    windows.addFirst(new ArrayList<>());
  }

  /**
   * @param frame what is sent to a peer: an RPC with this message, with its length before it
   */
  public void put(MessageId id, String topic, ByteBuffer frame) {
    if (entries.putIfAbsent(id, new Entry(topic, frame)) != null) {
      return;
    }
    windows.getFirst().add(id);
    bytes += frame.remaining();
    Iterator<Entry> oldest = entries.values().iterator();
    while (entries.size() > config.maxCachedMessages()
        || (bytes > config.maxCachedBytes() && entries.size() > 1)) {
      bytes -= oldest.next().frame.remaining();
      oldest.remove();
    }
  }

  /**
   * What to send to a peer that asks for a message.
   *
   * @return null when it is not here, or the peer has asked for it too often
   */
  public @Nullable ByteBuffer forPeer(MessageId id, PeerId peer) {
    Entry entry = entries.get(id);
    if (entry == null || entry.sent.merge(peer, 1, Integer::sum) > config.maxRetransmissions()) {
      return null;
    }
    return entry.frame;
  }

  /** The messages of a topic to gossip about. */
  public List<MessageId> recent(String topic) {
    List<MessageId> ids = new ArrayList<>();
    int window = 0;
    for (List<MessageId> present : windows) {
      if (window++ == config.historyGossip()) {
        break;
      }
      for (MessageId id : present) {
        Entry entry = entries.get(id);
        if (entry != null && entry.topic.equals(topic)) {
          ids.add(id);
        }
      }
    }
    return ids;
  }

  /** Begins the window of a new heartbeat and forgets the messages of the oldest one. */
  public void shift() {
    windows.addFirst(new ArrayList<>());
    while (windows.size() > config.historyLength()) {
      for (MessageId id : windows.removeLast()) {
        Entry gone = entries.remove(id);
        if (gone != null) {
          bytes -= gone.frame.remaining();
        }
      }
    }
  }

  public int size() {
    return entries.size();
  }

  /** Bytes of all frames. */
  public long bytes() {
    return bytes;
  }
}
