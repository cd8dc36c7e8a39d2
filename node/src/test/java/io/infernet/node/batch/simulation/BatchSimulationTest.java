package io.infernet.node.batch.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.node.batch.schedule.SchedulerConfig;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The decisions about 200 providers that differ by ten times; no wall clock is asserted. */
class BatchSimulationTest {

  private static final Ticker NO_WALL = () -> 0;

  private static BatchSimulationConfig config(int replicas, double wrong, long seed) {
    BatchSimulationConfig usual = BatchSimulationConfig.defaults();
    return new BatchSimulationConfig(
        usual.providers(),
        usual.slowest(),
        usual.spread(),
        usual.items(),
        usual.tokens(),
        replicas,
        0,
        usual.failuresWithin(),
        wrong,
        usual.boasting(),
        usual.noise(),
        usual.minLatency(),
        usual.maxLatency(),
        SchedulerConfig.defaults(),
        seed);
  }

  private static BatchSimulationResult run(BatchSimulationConfig config) {
    return new BatchSimulation(config, NO_WALL).run();
  }

  @Test
  void endsWithin15PercentOfTheIdeal() {
    for (int replicas = 1; replicas <= 2; replicas++) {
      for (long seed = 1; seed <= 2; seed++) {
        BatchSimulationResult result = run(config(replicas, 0, seed));

        assertTrue(
            result.ratio() <= 1.15,
            result.ratio() + " with " + replicas + " replicas and seed " + seed);
        assertEquals(0, result.unsettled());
      }
    }
  }

  @Test
  void takesAtMostHalfAsLongAgainWhenThreeTenthsOfTheProvidersFail() {
    for (int replicas = 1; replicas <= 2; replicas++) {
      for (long seed = 1; seed <= 2; seed++) {
        BatchSimulationResult undisturbed = run(config(replicas, 0, seed));
        BatchSimulationResult disturbed =
            run(config(replicas, 0, seed).withFailures(0.3, undisturbed.makespan()));

        double ratio = (double) disturbed.makespan().toNanos() / undisturbed.makespan().toNanos();
        assertTrue(ratio <= 1.5, ratio + " with " + replicas + " replicas and seed " + seed);
        assertEquals(60, disturbed.failed());
        assertEquals(0, disturbed.unsettled());
      }
    }
  }

  @Test
  void settlesDisputedShardsByFurtherReplicas() {
    BatchSimulationResult result = run(config(2, 0.02, 1));

    assertTrue(result.escalated() > 0);
    assertTrue(result.unsettled() <= result.shards() / 1_000, result.toString());
    assertTrue(result.ratio() <= 1.3, result.toString());
  }

  @Test
  void isTheSameForTheSameSeed() {
    BatchSimulationConfig config = config(2, 0.01, 7).withFailures(0.3, Duration.ofMinutes(5));

    assertEquals(run(config), run(config));
    assertNotEquals(run(config).trace(), run(config(2, 0.01, 8)).trace());
  }

  @Test
  void refusesNonsense() {
    assertThrows(IllegalArgumentException.class, () -> config(0, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> config(6, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> config(1, 0.5, 1));
    assertThrows(
        IllegalArgumentException.class, () -> config(1, 0, 1).withFailures(1, Duration.ZERO));
  }
}
