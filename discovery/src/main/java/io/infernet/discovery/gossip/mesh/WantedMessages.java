package io.infernet.discovery.gossip.mesh;

import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.libp2p.peer.PeerId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Messages that were announced and have not come. Each is asked for after a short while, in which
 * it may come by itself; when the peer that was asked does not send it, another one that announced
 * it is asked. Bounded in messages and in peers for each.
 */
public final class WantedMessages {

  /** Peers remembered for one message: enough to get past some that lie. */
  private static final int MAX_ANNOUNCERS = 8;

  private final long delay;
  private final long retry;
  private final int max;
  private final int maxPerPeer;
  private final RandomGenerator random;

  /** Not asked for yet, in the order of {@link Want#due}; so is the other. */
  private final Map<MessageId, Want> waiting = new LinkedHashMap<>();

  private final Map<MessageId, Want> asked = new LinkedHashMap<>();

  /** How many wants each peer was the first to announce. */
  private final Map<PeerId, Integer> byFirst = new HashMap<>();

  private static final class Want {
    final PeerId first;
    final List<PeerId> announcers = new ArrayList<>(2);
    long due;

    Want(PeerId first, long due) {
      this.first = first;
      this.due = due;
      announcers.add(first);
    }
  }

  public WantedMessages(LazyGossipConfig config, RandomGenerator random) {
    this.random = random;
    delay = config.wantDelay().toNanos();
    retry = config.wantRetry().toNanos();
    max = config.maxWanted();
    maxPerPeer = config.maxWantedPerPeer();
  }

  /**
   * Says that {@code peer} has a message.
   *
   * @return whether the message is waited for from now on
   */
  public boolean announced(MessageId id, PeerId peer, long now) {
    Want want = waiting.get(id);
    if (want == null) {
      want = asked.get(id);
    }
    if (want != null) {
      if (want.announcers.size() < MAX_ANNOUNCERS && !want.announcers.contains(peer)) {
        want.announcers.add(peer);
      }
      return false;
    }
    if (size() >= max || byFirst.getOrDefault(peer, 0) >= maxPerPeer) {
      return false;
    }
    byFirst.merge(peer, 1, Integer::sum);
    waiting.put(id, new Want(peer, now + delay));
    return true;
  }

  /** Says that a message came. */
  public void received(MessageId id) {
    Want want = waiting.remove(id);
    if (want == null) {
      want = asked.remove(id);
    }
    if (want != null) {
      forget(want);
    }
  }

  private void forget(Want want) {
    byFirst.computeIfPresent(want.first, (peer, count) -> count > 1 ? count - 1 : null);
  }

  /**
   * What to ask whom for now.
   *
   * @param usable whether a peer can be asked
   */
  public Map<PeerId, List<MessageId>> due(long now, Predicate<PeerId> usable) {
    List<Map.Entry<MessageId, Want>> due = new ArrayList<>();
    take(waiting, now, due);
    take(asked, now, due);
    Map<PeerId, List<MessageId>> asks = new TreeMap<>();
    for (Map.Entry<MessageId, Want> entry : due) {
      Want want = entry.getValue();
      PeerId peer = next(want.announcers, usable);
      // Without another announcer the message is forgotten until it is announced again.
      if (peer != null) {
        asks.computeIfAbsent(peer, p -> new ArrayList<>()).add(entry.getKey());
        want.due = now + retry;
        asked.put(entry.getKey(), want);
      } else {
        forget(want);
      }
    }
    return asks;
  }

  /** Any of those that announced a message, so that nobody gains by being first with a lie. */
  private @Nullable PeerId next(List<PeerId> announcers, Predicate<PeerId> usable) {
    while (!announcers.isEmpty()) {
      PeerId peer = announcers.remove(random.nextInt(announcers.size()));
      if (usable.test(peer)) {
        return peer;
      }
    }
    return null;
  }

  private static void take(
      Map<MessageId, Want> from, long now, List<Map.Entry<MessageId, Want>> into) {
    for (Iterator<Map.Entry<MessageId, Want>> i = from.entrySet().iterator(); i.hasNext(); ) {
      Map.Entry<MessageId, Want> entry = i.next();
      if (entry.getValue().due - now > 0) {
        return;
      }
      into.add(Map.entry(entry.getKey(), entry.getValue()));
      i.remove();
    }
  }

  /** When {@link #due} has something next. */
  public OptionalLong nextDue() {
    OptionalLong first = first(waiting);
    OptionalLong second = first(asked);
    if (first.isEmpty() || second.isEmpty()) {
      return first.isPresent() ? first : second;
    }
    long difference = first.getAsLong() - second.getAsLong();
    return difference <= 0 ? first : second;
  }

  private static OptionalLong first(Map<MessageId, Want> wants) {
    Iterator<Want> i = wants.values().iterator();
    return i.hasNext() ? OptionalLong.of(i.next().due) : OptionalLong.empty();
  }

  public int size() {
    return waiting.size() + asked.size();
  }
}
