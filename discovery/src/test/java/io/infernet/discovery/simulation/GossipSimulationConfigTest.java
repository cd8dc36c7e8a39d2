package io.infernet.discovery.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.discovery.gossip.GossipConfig;
import io.infernet.discovery.gossip.score.PeerScoreParams;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GossipSimulationConfigTest {

  @Test
  void simulatesByDefaultWhatIsToBeReached() {
    GossipSimulationConfig defaults = GossipSimulationConfig.defaults();

    assertEquals(config(1_000, 12, 0.2, 0, Set.of(), 1_024), defaults);
    assertEquals(200, defaults.dropperCount());
    assertEquals(0, defaults.attackerCount());
    assertFalse(defaults.attacksWith(GossipAttack.ECLIPSE));
  }

  @Test
  void refusesWhatCannotBeSimulated() {
    refuses(2, 1, 0, 0, Set.of(), 1_024);
    refuses(10, 0, 0, 0, Set.of(), 1_024);
    refuses(10, 10, 0, 0, Set.of(), 1_024);
    refuses(10, 2, -0.1, 0, Set.of(), 1_024);
    refuses(10, 2, 0.5, 0.5, Set.of(GossipAttack.ECLIPSE), 1_024);
    refuses(10, 2, Double.NaN, 0, Set.of(), 1_024);
    refuses(10, 2, 0, 0.1, Set.of(), 1_024);
    refuses(10, 2, 0, 0, Set.of(), 15);
    refuses(10, 2, 0, 0, Set.of(), 1 << 20);
  }

  private static void refuses(
      int nodes,
      int dials,
      double droppers,
      double attackers,
      Set<GossipAttack> attacks,
      int messageSize) {
    assertThrows(
        IllegalArgumentException.class,
        () -> config(nodes, dials, droppers, attackers, attacks, messageSize));
  }

  private static GossipSimulationConfig config(
      int nodes,
      int dials,
      double droppers,
      double attackers,
      Set<GossipAttack> attacks,
      int messageSize) {
    return new GossipSimulationConfig(
        nodes,
        1,
        Duration.ofMillis(50),
        Duration.ofMillis(300),
        0,
        dials,
        droppers,
        0,
        attackers,
        attacks,
        10,
        Duration.ofMinutes(1),
        20,
        messageSize,
        Duration.ofSeconds(1),
        GossipConfig.defaults(),
        PeerScoreParams.defaults());
  }
}
