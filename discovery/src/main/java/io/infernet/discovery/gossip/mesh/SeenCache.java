package io.infernet.discovery.gossip.mesh;

import io.infernet.discovery.gossip.wire.MessageId;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The messages that were seen lately, so that each is handled once. An id is kept for a fixed time
 * from when it was first seen; beyond a limit the oldest go earlier.
 */
public final class SeenCache {

  private final long lifetime;
  private final int max;
  private final Map<MessageId, Long> seen = new LinkedHashMap<>();

  public SeenCache(Duration lifetime, int max) {
    this.lifetime = lifetime.toNanos();
    this.max = max;
  }

  public boolean contains(MessageId id) {
    return seen.containsKey(id);
  }

  /** Whether the id is new; then it is remembered. */
  public boolean add(MessageId id, long now) {
    if (seen.putIfAbsent(id, now) != null) {
      return false;
    }
    if (seen.size() > max) {
      seen.remove(seen.keySet().iterator().next());
    }
    return true;
  }

  /** Forgets an id, so that the message counts as new when it comes again. */
  public void remove(MessageId id) {
    seen.remove(id);
  }

  /** Forgets what is too old. */
  public void expire(long now) {
    for (Iterator<Long> times = seen.values().iterator(); times.hasNext(); ) {
      if (now - times.next() < lifetime) {
        return;
      }
      times.remove();
    }
  }

  public int size() {
    return seen.size();
  }
}
