package io.infernet.discovery.gossip.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class GossipWireLimitsTest {

  @Test
  void hasDefaults() {
    assertEquals(
        new GossipWireLimits(1_048_576, 1_040_384, 256, 1_000, 1_000, 1_000, 5_000, 640, 32, 8_192),
        GossipWireLimits.defaults());
  }

  @Test
  void refusesLimitsThatLetNothingThrough() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new GossipWireLimits(1 << 20, 0, 1, 1, 1, 1, 1, 1, 1, 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> new GossipWireLimits(1 << 20, 1, 1, 1, 1, 1, 1, 0, 1, 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> new GossipWireLimits(1 << 20, (1 << 20) - 100, 1, 1, 1, 1, 1, 1, 1, 1));
  }
}
