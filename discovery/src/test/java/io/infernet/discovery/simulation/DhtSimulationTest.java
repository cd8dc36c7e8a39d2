package io.infernet.discovery.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.kad.KadConfig;
import io.infernet.libp2p.host.ConnectionConfig;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DhtSimulationTest {

  private static final long SEED = 20;

  @Test
  void findsTheClosestNodesInFewRoundsAndProvidersWhileNodesComeAndGo() {
    DhtResult result = run(200, SEED, 1.5, Duration.ofMinutes(15), 0, Set.of());

    assertTrue(result.lookups().exact() >= 0.99, result::toString);
    assertTrue(result.lookups().recall() >= 0.999, result::toString);
    assertTrue(result.lookups().roundsMedian() <= 4, result::toString);
    assertTrue(result.lookups().roundsP99() <= 7, result::toString);
    assertEquals(1, result.providers().found(), result::toString);
    assertTrue(result.replaced() >= 70, result::toString);
    assertTrue(result.providersInChurn().found() >= 0.99, result::toString);
  }

  @Test
  void findsATrueProviderAmongHostileNodes() {
    DhtResult result = run(200, SEED, 0, Duration.ofMinutes(1), 0.2, EnumSet.allOf(Attack.class));

    assertEquals(40, result.hostile());
    assertTrue(result.providers().found() >= 0.95, result::toString);
  }

  @Test
  void runsTheSameWayForTheSameSeed() {
    DhtResult one = run(40, 1, 2, Duration.ofMinutes(5), 0.2, EnumSet.allOf(Attack.class));
    DhtResult again = run(40, 1, 2, Duration.ofMinutes(5), 0.2, EnumSet.allOf(Attack.class));
    DhtResult other = run(40, 2, 2, Duration.ofMinutes(5), 0.2, EnumSet.allOf(Attack.class));

    assertEquals(one.traceHash(), again.traceHash());
    assertEquals(one.messages(), again.messages());
    assertEquals(one.lookups(), again.lookups());
    assertNotEquals(one.traceHash(), other.traceHash());
  }

  private static DhtResult run(
      int nodes,
      long seed,
      double churn,
      Duration churnTime,
      double attackers,
      Set<Attack> attacks) {
    DhtSimulationConfig config =
        new DhtSimulationConfig(
            nodes,
            seed,
            Duration.ofMillis(50),
            Duration.ofMillis(300),
            Duration.ofMinutes(3),
            Duration.ofMinutes(3),
            300,
            50,
            churn,
            churnTime,
            attackers,
            attacks,
            KadConfig.defaults(),
            ConnectionConfig.defaults());
    return new DhtSimulation(config, text -> {}, System::nanoTime).run();
  }
}
