package io.infernet.discovery.gossip.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.discovery.gossip.score.PeerScoreParams.Behaviour;
import io.infernet.discovery.gossip.score.PeerScoreParams.Colocation;
import io.infernet.discovery.gossip.score.TopicScoreParams.FirstDeliveries;
import io.infernet.discovery.gossip.score.TopicScoreParams.Invalid;
import io.infernet.discovery.gossip.score.TopicScoreParams.MeshDeliveries;
import io.infernet.discovery.gossip.score.TopicScoreParams.MeshTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ScoreParamsTest {

  private static final Duration SECOND = Duration.ofSeconds(1);

  @Test
  void hasDefaults() {
    assertEquals(new ScoreThresholds(-100, -200, -400, 0, 2), ScoreThresholds.defaults());
    assertEquals(
        new TopicScoreParams(
            1,
            new MeshTime(0.03, Duration.ofMinutes(1), 30),
            new FirstDeliveries(0.5, 0.9977, 40),
            MeshDeliveries.off(),
            new Invalid(-10, 0.999)),
        TopicScoreParams.defaults());
    assertEquals(
        new PeerScoreParams(
            ScoreThresholds.defaults(),
            TopicScoreParams.defaults(),
            100,
            1,
            new Colocation(-5, 16, true),
            new Behaviour(-1, 2, 0.99),
            SECOND,
            0.01,
            Duration.ofHours(1),
            10_000,
            64,
            50_000,
            Duration.ofMinutes(2)),
        PeerScoreParams.defaults());
  }

  @Test
  void refusesThresholdsInTheWrongOrder() {
    refuses(() -> new ScoreThresholds(1, -2, -3, 0, 1));
    refuses(() -> new ScoreThresholds(-1, 0, -3, 0, 1));
    refuses(() -> new ScoreThresholds(-1, -2, -1, 0, 1));
    refuses(() -> new ScoreThresholds(-1, -2, -3, -1, 1));
    refuses(() -> new ScoreThresholds(-1, -2, -3, 0, -1));
    refuses(() -> new ScoreThresholds(Double.NaN, -2, -3, 0, 1));
    refuses(() -> new ScoreThresholds(-1, -2, Double.NEGATIVE_INFINITY, 0, 1));
  }

  @Test
  void refusesRewardsThatPunishAndPunishmentsThatReward() {
    refuses(() -> new MeshTime(-1, SECOND, 1));
    refuses(() -> new MeshTime(1, Duration.ZERO, 1));
    refuses(() -> new MeshTime(1, SECOND, 0));
    refuses(() -> new FirstDeliveries(-1, 0.5, 1));
    refuses(() -> new FirstDeliveries(1, 1, 1));
    refuses(() -> new FirstDeliveries(1, 0, 1));
    refuses(() -> new FirstDeliveries(1, 0.5, 0));
    refuses(() -> new Invalid(1, 0.5));
    refuses(() -> new Invalid(-1, 1.5));
    refuses(() -> new MeshDeliveries(1, 0.5, 2, 1, SECOND, SECOND, 0, 0.5));
    refuses(() -> new MeshDeliveries(-1, 1, 2, 1, SECOND, SECOND, 0, 0.5));
    refuses(() -> new MeshDeliveries(-1, 0.5, 1, 2, SECOND, SECOND, 0, 0.5));
    refuses(() -> new MeshDeliveries(-1, 0.5, 2, 0, SECOND, SECOND, 0, 0.5));
    refuses(() -> new MeshDeliveries(-1, 0.5, 2, 1, SECOND.negated(), SECOND, 0, 0.5));
    refuses(() -> new MeshDeliveries(-1, 0.5, 2, 1, SECOND, Duration.ZERO, 0, 0.5));
    refuses(() -> new MeshDeliveries(-1, 0.5, 2, 1, SECOND, SECOND, 1, 0.5));
    refuses(() -> new MeshDeliveries(-1, 0.5, 2, 1, SECOND, SECOND, 0, 1));
    refuses(() -> new Colocation(1, 2, true));
    refuses(() -> new Colocation(-1, 0, true));
    refuses(() -> new Behaviour(1, 0, 0.5));
    refuses(() -> new Behaviour(-1, -1, 0.5));
    refuses(() -> new Behaviour(-1, 0, 1));
    refuses(
        () ->
            new TopicScoreParams(
                -1,
                new MeshTime(0, SECOND, 1),
                new FirstDeliveries(0, 0.5, 1),
                MeshDeliveries.off(),
                new Invalid(0, 0.5)));
  }

  @Test
  void refusesLimitsThatRememberNothing() {
    refuses(() -> general(-1, SECOND, 0.1, SECOND, 1));
    refuses(() -> general(0, Duration.ofMillis(999), 0.1, SECOND, 1));
    refuses(() -> general(0, SECOND, 1, SECOND, 1));
    refuses(() -> general(0, SECOND, 0.1, SECOND.negated(), 1));
    refuses(() -> general(0, SECOND, 0.1, SECOND, 0));
    general(0, SECOND, 0.1, Duration.ZERO, 1);
  }

  private static PeerScoreParams general(
      double cap, Duration decayInterval, double decayToZero, Duration retain, int max) {
    return new PeerScoreParams(
        ScoreThresholds.defaults(),
        TopicScoreParams.defaults(),
        cap,
        1,
        new Colocation(0, 1, true),
        new Behaviour(0, 0, 0.5),
        decayInterval,
        decayToZero,
        retain,
        max,
        max,
        max,
        SECOND);
  }

  private static void refuses(Executable construction) {
    assertThrows(IllegalArgumentException.class, construction);
  }
}
