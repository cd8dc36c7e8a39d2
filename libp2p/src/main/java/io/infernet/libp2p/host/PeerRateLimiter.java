package io.infernet.libp2p.host;

import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Says how often each peer may ask for something: a minute's worth at once, then evenly. Remembers
 * a bounded number of peers, those that asked last. Safe from any thread.
 */
public final class PeerRateLimiter {

  private static final double MINUTE = Duration.ofMinutes(1).toNanos();

  private final int perMinute;
  private final int maxPeers;
  private final Ticker ticker;
  private final Map<PeerId, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true);

  private static final class Bucket {
    double tokens;
    long filledAt;

    Bucket(double tokens, long filledAt) {
      this.tokens = tokens;
      this.filledAt = filledAt;
    }
  }

  /**
   * @param perMinute times a minute, 1 or more
   * @param maxPeers peers that are remembered
   */
  public PeerRateLimiter(int perMinute, int maxPeers, Ticker ticker) {
    if (perMinute < 1 || maxPeers < 1) {
      throw new IllegalArgumentException("a rate limit is below 1");
    }
    this.perMinute = perMinute;
    this.maxPeers = maxPeers;
    this.ticker = ticker;
  }

  /** Whether {@code peer} may ask now; counts as asking when it may. */
  public synchronized boolean tryAcquire(PeerId peer) {
    long now = ticker.nanoTime();
    Bucket bucket = buckets.computeIfAbsent(peer, p -> new Bucket(perMinute, now));
    if (buckets.size() > maxPeers) {
      buckets.remove(buckets.keySet().iterator().next());
    }
    bucket.tokens =
        Math.min(perMinute, bucket.tokens + (now - bucket.filledAt) / MINUTE * perMinute);
    bucket.filledAt = now;
    if (bucket.tokens < 1) {
      return false;
    }
    bucket.tokens -= 1;
    return true;
  }
}
