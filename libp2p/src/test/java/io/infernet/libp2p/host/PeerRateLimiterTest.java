package io.infernet.libp2p.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PeerRateLimiterTest {

  private static final PeerId ONE = TestIdentities.peerId(1);
  private static final PeerId OTHER = TestIdentities.peerId(2);

  private final VirtualTime time = new VirtualTime();

  @Test
  void allowsAMinutesWorthAtOnceThenEvenly() {
    PeerRateLimiter limiter = new PeerRateLimiter(60, 10, time);
    assertEquals(60, granted(limiter, ONE, 100));
    assertTrue(limiter.tryAcquire(OTHER), "peers do not count for each other");

    time.advance(Duration.ofMillis(2_500));
    assertEquals(2, granted(limiter, ONE, 100));

    time.advance(Duration.ofHours(1));
    assertEquals(60, granted(limiter, ONE, 100));
  }

  @Test
  void remembersAsManyPeersAsItMay() {
    PeerRateLimiter limiter = new PeerRateLimiter(1, 2, time);
    assertTrue(limiter.tryAcquire(ONE));
    assertTrue(limiter.tryAcquire(OTHER));
    assertFalse(limiter.tryAcquire(ONE));
    assertTrue(limiter.tryAcquire(TestIdentities.peerId(3)));

    assertFalse(limiter.tryAcquire(ONE), "it asked later than the other one");
    assertTrue(limiter.tryAcquire(OTHER), "forgotten");
  }

  @Test
  void refusesLimitsBelowOne() {
    assertThrows(IllegalArgumentException.class, () -> new PeerRateLimiter(0, 1, time));
    assertThrows(IllegalArgumentException.class, () -> new PeerRateLimiter(1, 0, time));
  }

  private static int granted(PeerRateLimiter limiter, PeerId peer, int asked) {
    int granted = 0;
    for (int i = 0; i < asked; i++) {
      granted += limiter.tryAcquire(peer) ? 1 : 0;
    }
    return granted;
  }
}
