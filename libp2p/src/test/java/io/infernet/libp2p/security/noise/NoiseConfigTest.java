package io.infernet.libp2p.security.noise;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class NoiseConfigTest {

  @Test
  void showsDefaults() {
    assertEquals(new NoiseConfig(8192, 65519), NoiseConfig.defaults());
  }

  @Test
  void rejectsWhatNoiseForbids() {
    assertThrows(IllegalArgumentException.class, () -> new NoiseConfig(255, 65519));
    assertThrows(IllegalArgumentException.class, () -> new NoiseConfig(65536, 65519));
    assertThrows(IllegalArgumentException.class, () -> new NoiseConfig(8192, 0));
    assertThrows(IllegalArgumentException.class, () -> new NoiseConfig(8192, 65520));
  }
}
