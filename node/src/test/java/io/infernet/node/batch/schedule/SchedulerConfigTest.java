package io.infernet.node.batch.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SchedulerConfigTest {

  private static SchedulerConfig config(
      int target, int shortest, double endParts, int choice, double doubleBelow, int attempts) {
    return new SchedulerConfig(
        Duration.ofSeconds(target),
        Duration.ofSeconds(shortest),
        endParts,
        2,
        choice,
        3,
        Duration.ofSeconds(5),
        doubleBelow,
        Duration.ofMinutes(1),
        16,
        attempts,
        4_096,
        10_000);
  }

  @Test
  void hasShardsOfTwentySecondsUnlessToldOtherwise() {
    assertEquals(config(20, 2, 3, 8, 0.8, 12), SchedulerConfig.defaults());
  }

  @Test
  void refusesSettingsOutOfRange() {
    config(1, 1, 1, 1, 0, 1);
    assertThrows(IllegalArgumentException.class, () -> config(1, 2, 3, 8, 0.8, 16));
    assertThrows(IllegalArgumentException.class, () -> config(1, 0, 3, 8, 0.8, 16));
    assertThrows(IllegalArgumentException.class, () -> config(1, 1, 0.5, 8, 0.8, 16));
    assertThrows(IllegalArgumentException.class, () -> config(1, 1, Double.NaN, 8, 0.8, 16));
    assertThrows(IllegalArgumentException.class, () -> config(1, 1, 3, 0, 0.8, 16));
    assertThrows(IllegalArgumentException.class, () -> config(1, 1, 3, 8, 1.1, 16));
    assertThrows(IllegalArgumentException.class, () -> config(1, 1, 3, 8, 0.8, 0));
  }
}
