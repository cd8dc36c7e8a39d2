package io.infernet.discovery.directory;

import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Who lied on a stream or broke its protocol: such a peer is neither asked nor answered for a
 * while. Remembers a bounded number of them, the latest. Used on one thread.
 */
final class Distrust {

  private final long nanos;
  private final int maxPeers;
  private final Ticker ticker;
  private final Map<PeerId, Long> since = new LinkedHashMap<>();

  Distrust(Duration duration, int maxPeers, Ticker ticker) {
    this.nanos = duration.toNanos();
    this.maxPeers = maxPeers;
    this.ticker = ticker;
  }

  /** Holds it against {@code peer} if it is to blame for {@code failure}. */
  void heldAgainst(PeerId peer, Throwable failure) {
    if (failure instanceof ProtocolViolationException) {
      since.remove(peer);
      since.put(peer, ticker.nanoTime());
      if (since.size() > maxPeers) {
        since.remove(since.keySet().iterator().next());
      }
    }
  }

  boolean of(PeerId peer) {
    Long at = since.get(peer);
    if (at != null && ticker.nanoTime() - at > nanos) {
      since.remove(peer);
      return false;
    }
    return at != null;
  }
}
