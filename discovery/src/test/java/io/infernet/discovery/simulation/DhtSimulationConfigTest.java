package io.infernet.discovery.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DhtSimulationConfigTest {

  @Test
  void hasHonestNodesByDefaultHalfOfWhichAreReplacedInAnHour() {
    DhtSimulationConfig config = DhtSimulationConfig.defaults();

    assertEquals(0, config.hostile());
    assertEquals(0.5, config.churn());
    assertEquals(Duration.ofMillis(50), config.minLatency());
    assertEquals(Duration.ofMillis(300), config.maxLatency());
  }

  @Test
  void rejectsWhatMakesNoSense() {
    assertRejected(1, 0, 0, Set.of());
    assertRejected(10, -1, 0, Set.of());
    assertRejected(10, Double.NaN, 0, Set.of());
    assertRejected(10, 0, 0.95, Set.of(Attack.SPAM));
    assertRejected(10, 0, 0.2, Set.of());
  }

  private static void assertRejected(
      int nodes, double churn, double attackers, Set<Attack> attacks) {
    DhtSimulationConfig d = DhtSimulationConfig.defaults();
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new DhtSimulationConfig(
                nodes,
                d.seed(),
                d.minLatency(),
                d.maxLatency(),
                d.joinTime(),
                d.settleTime(),
                d.lookups(),
                d.keys(),
                churn,
                d.churnTime(),
                attackers,
                attacks,
                d.kad(),
                d.connections()));
  }
}
