package io.infernet.discovery.kad;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PeerWatchTest {

  private static final PeerId PEER = TestIdentities.peerId(1);

  private final VirtualTime time = new VirtualTime();
  private final PeerWatch watch = new PeerWatch(3, Duration.ofMinutes(10), 2, time);

  @Test
  void bansAPeerThatBreaksTheProtocolTooOften() {
    assertFalse(watch.violated(PEER));
    assertFalse(watch.violated(PEER));
    assertFalse(watch.isBanned(PEER));
    assertTrue(watch.violated(PEER));
    assertTrue(watch.isBanned(PEER));
    assertEquals(3, watch.violations());
  }

  @Test
  void forgivesAfterAWhile() {
    for (int i = 0; i < 3; i++) {
      watch.violated(PEER);
    }
    time.advance(Duration.ofMinutes(10));
    assertFalse(watch.isBanned(PEER));
    assertFalse(watch.violated(PEER));
  }

  @Test
  void letsAPeerRest() {
    watch.rest(PEER, Duration.ofSeconds(5));
    assertTrue(watch.rests(PEER));
    time.advance(Duration.ofSeconds(5));
    assertFalse(watch.rests(PEER));
  }

  @Test
  void remembersOnlySoMany() {
    for (int i = 0; i < 3; i++) {
      watch.violated(PEER);
    }
    watch.violated(TestIdentities.peerId(2));
    watch.violated(TestIdentities.peerId(3));
    assertFalse(watch.isBanned(PEER));
  }
}
