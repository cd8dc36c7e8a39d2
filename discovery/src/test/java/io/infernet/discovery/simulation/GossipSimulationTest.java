package io.infernet.discovery.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.gossip.GossipConfig;
import io.infernet.discovery.gossip.score.PeerScoreParams;
import io.infernet.libp2p.concurrent.Ticker;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Small runs of what {@code infernet bench gossip} runs with a thousand nodes and more. */
class GossipSimulationTest {

  private static final int DEGREE = GossipConfig.defaults().mesh().degree();

  @Test
  void reachesEverybodyInTimeAlthoughAFifthDropsWhatItReceives() {
    GossipResult result = run(200, 1, 0.2, 0, 0, Set.of(), 1_024);

    assertEquals(40, result.droppers());
    assertEquals(1, result.reached(), 0.001, result.toString());
    assertTrue(result.copies() <= DEGREE, result.toString());
    assertTrue(result.copies() >= 1, result.toString());
  }

  @Test
  void sendsLargeMessagesAtMostHalfAsOften() {
    GossipResult result = run(200, 2, 0.2, 0, 0, Set.of(), 20 * 1_024);

    assertEquals(1, result.reached(), 0.001, result.toString());
    assertTrue(result.copies() <= DEGREE / 2.0, result.toString());
  }

  @Test
  void doesTheSameAgainForTheSameSeed() {
    GossipResult once = run(50, 3, 0.2, 0, 0, Set.of(), 1_024);

    GossipResult again = run(50, 3, 0.2, 0, 0, Set.of(), 1_024);

    assertEquals(once.traceHash(), again.traceHash());
    assertEquals(once.p99Millis(), again.p99Millis());
    assertEquals(once.copies(), again.copies());
    assertNotEquals(once.traceHash(), run(50, 4, 0.2, 0, 0, Set.of(), 1_024).traceHash());
  }

  @Test
  void listensNoMoreToThoseWhoFlood() {
    GossipResult result =
        run(
            60,
            5,
            0,
            0,
            0.2,
            Set.of(
                GossipAttack.INVALID_MESSAGES, GossipAttack.IHAVE_FLOOD, GossipAttack.GRAFT_FLOOD),
            1_024);

    assertEquals(1, result.reached(), 0.001, result.toString());
    assertEquals(1, result.hostileIgnored(), result.toString());
    assertEquals(0, result.hostileInMesh(), result.toString());
    assertEquals(0, result.honestIgnored(), result.toString());
  }

  @Test
  void reachesVictimsWhoseMeshesAreFullOfSilentPeers() {
    GossipResult result = run(100, 6, 0, 0, 0.4, Set.of(GossipAttack.ECLIPSE), 1_024);

    assertEquals(1, result.victimsReached(), 0.01, result.toString());
    assertEquals(1, result.reached(), 0.001, result.toString());
    assertEquals(0, result.honestIgnored(), result.toString());
  }

  @Test
  void reachesEverybodyWhenAFifthTurnsSilentAtOnce() {
    GossipResult result = run(100, 7, 0, 0, 0.2, Set.of(GossipAttack.COVERT_FLASH), 1_024);

    assertEquals(1, result.reached(), 0.001, result.toString());
  }

  @Test
  void reachesEverybodyElseWhenAThirdLosesPower() {
    GossipResult result = run(150, 8, 0.1, 0.33, 0, Set.of(), 1_024);

    assertEquals(100, result.subscribers(), result.toString());
    assertEquals(1, result.reached(), 0.001, result.toString());
  }

  private static GossipResult run(
      int nodes,
      long seed,
      double droppers,
      double failures,
      double attackers,
      Set<GossipAttack> attacks,
      int messageSize) {
    return new GossipSimulation(
            new GossipSimulationConfig(
                nodes,
                seed,
                Duration.ofMillis(50),
                Duration.ofMillis(300),
                0,
                10,
                droppers,
                failures,
                attackers,
                attacks,
                5,
                Duration.ofSeconds(12),
                5,
                messageSize,
                Duration.ofMillis(500),
                GossipConfig.defaults(),
                PeerScoreParams.defaults()),
            progress -> {},
            Ticker.system())
        .run();
  }
}
