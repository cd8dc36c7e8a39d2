package io.infernet.discovery.gossip.score;

import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.libp2p.peer.PeerId;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Who delivered recent messages, and what became of these. Bounded in number and time. */
final class DeliveryRecords {

  enum State {
    VALIDATING,
    VALID,
    INVALID,
    IGNORED
  }

  /** One message. */
  static final class Entry {
    private final long firstSeen;
    final Set<PeerId> deliverers = new LinkedHashSet<>();
    State state = State.VALIDATING;
    long validatedAt;

    private Entry(long firstSeen) {
      this.firstSeen = firstSeen;
    }
  }

  private final int maxEntries;
  private final long lifetimeNanos;

  /** In the order in which they were first seen. */
  private final Map<MessageId, Entry> entries = new LinkedHashMap<>();

  DeliveryRecords(int maxEntries, long lifetimeNanos) {
    this.maxEntries = maxEntries;
    this.lifetimeNanos = lifetimeNanos;
  }

  Entry getOrAdd(MessageId message, long now) {
    Entry entry = entries.get(message);
    if (entry == null) {
      if (entries.size() >= maxEntries) {
        Iterator<Entry> oldest = entries.values().iterator();
        oldest.next();
        oldest.remove();
      }
      entry = new Entry(now);
      entries.put(message, entry);
    }
    return entry;
  }

  void expire(long now) {
    Iterator<Entry> oldest = entries.values().iterator();
    while (oldest.hasNext() && now - oldest.next().firstSeen >= lifetimeNanos) {
      oldest.remove();
    }
  }

  int size() {
    return entries.size();
  }
}
