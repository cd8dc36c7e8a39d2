package io.infernet.libp2p.host;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Lets an address of a peer rest after dials of it failed, longer each time; success clears it, and
 * a failure counts as the first again when the last is long ago. Bounded: the peer that failed
 * first is forgotten first. Performs no I/O. Used by one thread at a time.
 */
final class DialBackoff {

  private final long min;
  private final long max;
  private final int maxAddresses;
  private final Map<PeerId, Map<Multiaddr, Rest>> rests;

  private record Rest(long until, long length) {}

  DialBackoff(DialConfig config) {
    this.min = config.backoffMin().toNanos();
    this.max = config.backoffMax().toNanos();
    this.maxAddresses = config.maxAddresses();
    this.rests = bounded(config.maxBackoffs());
  }

  private static <K, V> Map<K, V> bounded(int maxSize) {
    return new LinkedHashMap<>() {
      private static final long serialVersionUID = 1L;

      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > maxSize;
      }
    };
  }

  /** Nanoseconds that the address is still to rest; zero when it may be dialled. */
  long remaining(PeerId peer, Multiaddr address, long now) {
    Rest rest = rests.getOrDefault(peer, Map.of()).get(address);
    return rest == null ? 0 : Math.max(0, rest.until() - now);
  }

  void onFailure(PeerId peer, Multiaddr address, long now) {
    Map<Multiaddr, Rest> ofPeer = rests.computeIfAbsent(peer, p -> bounded(maxAddresses));
    Rest before = ofPeer.remove(address);
    boolean first = before == null || now - before.until() >= max;
    long length = first ? min : Math.min(max, 2 * before.length());
    ofPeer.put(address, new Rest(now + length, length));
  }

  /** Forgets the failures of all of a peer's addresses. */
  void onSuccess(PeerId peer) {
    rests.remove(peer);
  }
}
