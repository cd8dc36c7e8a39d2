package io.infernet.discovery.gossip.mesh;

import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who announced a message that was asked for and has not come: gossipsub v1.1 "Spam Protection
 * Measures". The message may come from any peer. Bounded: beyond a limit nothing is tracked.
 */
public final class GossipPromises {

  private final long followUp;
  private final int max;

  /** Deadlines by message and peer, in the order in which they were asked. */
  private final Map<MessageId, Map<PeerId, Long>> promises = new LinkedHashMap<>();

  private int size;

  public GossipPromises(Duration followUp, int max) {
    this.followUp = followUp.toNanos();
    this.max = max;
  }

  /** Says that {@code peer} was asked for a message that it had announced. */
  public void add(MessageId id, PeerId peer, long now) {
    if (size < max
        && promises.computeIfAbsent(id, i -> new HashMap<>(2)).putIfAbsent(peer, now + followUp)
            == null) {
      size++;
    }
  }

  /** Says that a message came, from whomever. */
  public void fulfilled(MessageId id) {
    Map<PeerId, Long> kept = promises.remove(id);
    if (kept != null) {
      size -= kept.size();
    }
  }

  /** Forgets a peer's promises: it is gone, or was not heard fully. */
  public void forget(PeerId peer) {
    for (Iterator<Map<PeerId, Long>> i = promises.values().iterator(); i.hasNext(); ) {
      Map<PeerId, Long> promise = i.next();
      if (promise.remove(peer) != null) {
        size--;
      }
      if (promise.isEmpty()) {
        i.remove();
      }
    }
  }

  /** Takes out the promises whose time is over, as their number by peer. */
  public Map<PeerId, Integer> broken(long now) {
    Map<PeerId, Integer> broken = new TreeMap<>();
    for (Iterator<Map<PeerId, Long>> i = promises.values().iterator(); i.hasNext(); ) {
      Map<PeerId, Long> promise = i.next();
      for (Iterator<Map.Entry<PeerId, Long>> j = promise.entrySet().iterator(); j.hasNext(); ) {
        Map.Entry<PeerId, Long> entry = j.next();
        if (entry.getValue() - now <= 0) {
          broken.merge(entry.getKey(), 1, Integer::sum);
          j.remove();
          size--;
        }
      }
      if (promise.isEmpty()) {
        i.remove();
      }
    }
    return broken;
  }

  public int size() {
    return size;
  }
}
