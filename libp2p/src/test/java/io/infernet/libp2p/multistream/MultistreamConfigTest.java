package io.infernet.libp2p.multistream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class MultistreamConfigTest {

  @Test
  void showsDefaults() {
    assertEquals(new MultistreamConfig(1024, 32), MultistreamConfig.defaults());
  }

  @Test
  void rejectsWhatCannotWork() {
    assertThrows(IllegalArgumentException.class, () -> new MultistreamConfig(18, 32));
    assertThrows(IllegalArgumentException.class, () -> new MultistreamConfig(16384, 32));
    assertThrows(IllegalArgumentException.class, () -> new MultistreamConfig(1024, 0));
  }
}
