package io.infernet.inference.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class EngineConfigTest {

  private static final Path HOME = Path.of("home");

  @Test
  void hasDefaults() {
    EngineConfig config = EngineConfig.defaults(HOME);
    assertEquals(Runtime.getRuntime().availableProcessors(), config.threads());
    assertEquals(4, config.slots());
    assertEquals(64, config.maxWaiting());
    assertEquals(8192, config.maxContext());
    assertEquals(128, config.prefillChunk());
    assertEquals(4, config.maxWarmModels());
    assertEquals(HOME.resolve("cache").resolve("graphs"), config.graphFolder());
    assertEquals(
        Path.of(System.getProperty("user.home"), ".cache", "infernet"), config.nativesFolder());
  }

  @Test
  void refusesImpossibleSettings() {
    int[][] bad = {
      {0, 1, 0, 1, 1, 1},
      {1, 0, 0, 1, 1, 1},
      {1, 1, -1, 1, 1, 1},
      {1, 1, 0, 0, 1, 1},
      {1, 1, 0, 1, 0, 1},
      {1, 1, 0, 1, 1, 0},
      {1, 1, 0, 1 << 21, 1, 1}
    };
    for (int[] v : bad) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new EngineConfig(v[0], v[1], v[2], v[3], v[4], v[5], HOME, HOME));
    }
  }
}
