package io.infernet.libp2p.protocol.ping;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PingConfigTest {

  @Test
  void showsDefaults() {
    assertEquals(new PingConfig(Duration.ofSeconds(10), 2), PingConfig.defaults());
  }

  @Test
  void rejectsWhatCannotWork() {
    assertThrows(IllegalArgumentException.class, () -> new PingConfig(Duration.ZERO, 2));
    assertThrows(IllegalArgumentException.class, () -> new PingConfig(Duration.ofSeconds(1), 0));
  }
}
