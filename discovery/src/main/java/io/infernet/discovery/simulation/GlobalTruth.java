package io.infernet.discovery.simulation;

import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.libp2p.peer.PeerId;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Who is in the network, and so what a look-up should find. */
final class GlobalTruth {

  private static final KadKey ZERO = KadKey.ofDigest(new byte[KadKey.BITS / 8]);

  /** In the order of the keys as numbers, in which those with a common prefix are neighbours. */
  private final TreeMap<KadKey, PeerId> peers = new TreeMap<>(ZERO::compareDistances);

  void add(PeerId peer) {
    peers.put(KadKey.of(peer), peer);
  }

  void remove(PeerId peer) {
    peers.remove(KadKey.of(peer));
  }

  boolean contains(PeerId peer) {
    return peers.containsKey(KadKey.of(peer));
  }

  /**
   * The {@code count} peers closest to {@code target}, nearest first.
   *
   * @param except left out
   */
  List<PeerId> closest(KadKey target, int count, PeerId except) {
    return closest(target, count, peer -> !peer.equals(except));
  }

  /** The {@code count} peers closest to {@code target} that are {@code wanted}, nearest first. */
  List<PeerId> closest(KadKey target, int count, Predicate<PeerId> wanted) {
    Side below = new Side(target, peers.headMap(target, false).descendingMap(), wanted);
    Side above = new Side(target, peers.tailMap(target, true), wanted);
    List<Map.Entry<KadKey, PeerId>> found = new ArrayList<>(2 * count);
    // All with a prefix in common are closer than all with a shorter one.
    while (found.size() < count && (below.next != null || above.next != null)) {
      int prefix = Math.max(below.prefix(), above.prefix());
      below.take(prefix, found);
      above.take(prefix, found);
    }
    found.sort((one, other) -> target.compareDistances(one.getKey(), other.getKey()));
    return found.stream().limit(count).map(Map.Entry::getValue).toList();
  }

  /** The peers on one side of a target, those with the longest common prefix first. */
  private static final class Side {
    private final KadKey target;
    private final Iterator<Map.Entry<KadKey, PeerId>> rest;
    private final Predicate<PeerId> wanted;
    private Map.@Nullable Entry<KadKey, PeerId> next;

    Side(KadKey target, Map<KadKey, PeerId> side, Predicate<PeerId> wanted) {
      this.target = target;
      this.rest = side.entrySet().iterator();
      this.wanted = wanted;
      advance();
    }

    int prefix() {
      return next == null ? -1 : target.commonPrefixLength(next.getKey());
    }

    void take(int prefix, List<Map.Entry<KadKey, PeerId>> found) {
      while (next != null && prefix() >= prefix) {
        found.add(next);
        advance();
      }
    }

    private void advance() {
      do {
        next = rest.hasNext() ? rest.next() : null;
      } while (next != null && !wanted.test(next.getValue()));
    }
  }
}
