package io.infernet.discovery.bootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class BootstrapConfigTest {

  private static final Multiaddr PEER =
      Multiaddr.parse("/ip4/192.0.2.1/tcp/1").withPeer(TestIdentities.peerId(1));

  @Test
  void showsDefaults() {
    assertEquals(
        new BootstrapConfig(
            List.of(PEER),
            8,
            2,
            16,
            Duration.ofSeconds(30),
            Duration.ofSeconds(1),
            Duration.ofMinutes(1)),
        BootstrapConfig.of(List.of(PEER)));
  }

  @Test
  void rejectsWhatCannotWork() {
    assertThrows(
        IllegalArgumentException.class,
        () -> BootstrapConfig.of(Collections.nCopies(BootstrapConfig.MAX_ADDRESSES + 1, PEER)));
    IllegalArgumentException whose =
        assertThrows(
            IllegalArgumentException.class,
            () -> BootstrapConfig.of(List.of(Multiaddr.parse("/ip4/192.0.2.1/tcp/1"))));
    assertTrue(whose.getMessage().contains("end it in /p2p/ID"), whose.getMessage());
    rejects(1, 2, 1);
    rejects(1, 0, 1);
    rejects(1, 1, 0);
  }

  private static void rejects(int kept, int keptLater, int enough) {
    Duration second = Duration.ofSeconds(1);
    assertThrows(
        IllegalArgumentException.class,
        () -> new BootstrapConfig(List.of(), kept, keptLater, enough, second, second, second));
  }
}
