package io.infernet.inference.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.inference.batching.BatcherConfig;
import io.infernet.inference.engine.EngineConfig.Memory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class EngineConfigTest {

  private static final Path HOME = Path.of("home");

  @Test
  void hasDefaults() {
    EngineConfig config = EngineConfig.defaults(HOME);
    assertEquals(DeviceChoice.AUTO, config.device());
    assertEquals(Runtime.getRuntime().availableProcessors(), config.threads());
    assertEquals(8192, config.maxContext());
    assertEquals(BatcherConfig.defaults(), config.batching());
    assertEquals(new Memory(0, 0, 16, Duration.ZERO), config.memory());
    assertEquals(HOME.resolve("cache").resolve("graphs"), config.graphFolder());
    assertEquals(
        Path.of(System.getProperty("user.home"), ".cache", "infernet"), config.nativesFolder());
  }

  @Test
  void refusesImpossibleSettings() {
    EngineConfig good = EngineConfig.defaults(HOME);
    List<Executable> bad =
        List.of(
            () -> good.withThreads(0),
            () -> good.withMaxContext(0),
            () -> good.withMaxContext(1 << 21),
            () -> new Memory(-1, 0, 1, Duration.ZERO),
            () -> new Memory(0, -1, 1, Duration.ZERO),
            () -> new Memory(0, 0, 0, Duration.ZERO),
            () -> new Memory(0, 0, 1, Duration.ofMillis(-1)));
    bad.forEach(setting -> assertThrows(IllegalArgumentException.class, setting));
  }
}
