package io.infernet.discovery.gossip.mesh;

import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Who must not be grafted to which topic yet, gossipsub v1.1 "PRUNE Backoff". Survives a
 * disconnection, so that reconnecting does not help. Bounded: the entries made first are forgotten
 * first.
 */
public final class Backoffs {

  private final long slack;
  private final int max;
  private final Map<Key, Long> ends = new LinkedHashMap<>();

  /** How many entries each topic has: most topics have none. */
  private final Map<String, Integer> counts = new HashMap<>();

  private record Key(String topic, PeerId peer) {}

  public Backoffs(MeshConfig config) {
    slack = config.backoffSlack().toNanos();
    max = config.maxBackoffs();
  }

  /** Extends a back-off; one that lasts longer already stays. */
  public void add(String topic, PeerId peer, Duration backoff, long now) {
    Key key = new Key(topic, peer);
    long end = now + backoff.toNanos();
    Long before = ends.get(key);
    if (before != null && before - end >= 0) {
      return;
    }
    if (before == null) {
      counts.merge(topic, 1, Integer::sum);
    }
    ends.put(key, end);
    if (ends.size() > max) {
      Key oldest = ends.keySet().iterator().next();
      ends.remove(oldest);
      removed(oldest);
    }
  }

  /** Whether a GRAFT of {@code peer} comes too early. */
  public boolean isRunning(String topic, PeerId peer, long now) {
    return remaining(topic, peer, now) > 0;
  }

  /** Whether this node may graft {@code peer}: the back-off is over and so is the slack. */
  public boolean mayGraft(String topic, PeerId peer, long now) {
    return remaining(topic, peer, now) + slack <= 0;
  }

  /** Nanoseconds until the back-off ends, {@link Long#MIN_VALUE} / 2 when there is none. */
  public long remaining(String topic, PeerId peer, long now) {
    if (!counts.containsKey(topic)) {
      return Long.MIN_VALUE / 2;
    }
    Long end = ends.get(new Key(topic, peer));
    return end == null ? Long.MIN_VALUE / 2 : end - now;
  }

  /** Forgets what is over. */
  public void expire(long now) {
    for (Iterator<Map.Entry<Key, Long>> i = ends.entrySet().iterator(); i.hasNext(); ) {
      Map.Entry<Key, Long> entry = i.next();
      if (entry.getValue() + slack - now <= 0) {
        i.remove();
        removed(entry.getKey());
      }
    }
  }

  public int size() {
    return ends.size();
  }

  private void removed(Key key) {
    counts.computeIfPresent(key.topic(), (t, n) -> n > 1 ? n - 1 : null);
  }
}
