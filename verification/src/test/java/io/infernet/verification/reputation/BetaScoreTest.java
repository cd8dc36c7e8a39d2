package io.infernet.verification.reputation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.testing.Property;
import org.junit.jupiter.api.Test;

class BetaScoreTest {

  @Test
  void isTheFivePercentQuantile() {
    // Closed forms for β = 0 and α = 1; the others from scipy.stats.beta.ppf(0.05, α, 1 + β).
    assertEquals(0.05, BetaScore.of(1, 0), 1e-12);
    assertEquals(Math.pow(0.05, 1 / 20.0), BetaScore.of(20, 0), 1e-12);
    assertEquals(1 - Math.pow(0.95, 1 / 51.0), BetaScore.of(1, 50), 1e-6);
    assertEquals(0.19806794443094927, BetaScore.of(20, 50), 1e-6);
    assertEquals(0.597922068538977, BetaScore.of(100, 50), 1e-6);
    assertEquals(3.6132268561874907e-05, BetaScore.of(0.3, 0.2), 1e-6);
  }

  @Test
  void strangersAndTheConvictedAreAtTheBottom() {
    assertEquals(0, BetaScore.of(0, 0));
    assertEquals(0, BetaScore.of(0, 50));
  }

  @Test
  void risesWithPassesAndFallsWithConvictions() {
    Property.forAll(
        2_000,
        random -> {
          double alpha = random.nextDouble(0.001, 500);
          double beta = random.nextBoolean() ? 0 : random.nextDouble(200);
          double score = BetaScore.of(alpha, beta);
          assertTrue(score >= 0 && score < 1, "score " + score);
          assertTrue(BetaScore.of(alpha + 1, beta) > score - 2e-6);
          assertTrue(BetaScore.of(alpha, beta + 1) < score + 2e-6);
        });
  }

  @Test
  void auditsEverybodyFullyAndThenLess() {
    assertEquals(1, BetaScore.auditRate(0));
    assertEquals(1, BetaScore.auditRate(19.9));
    assertEquals(0.5, BetaScore.auditRate(20));
    assertEquals(0.1, BetaScore.auditRate(100));
    assertEquals(0.05, BetaScore.auditRate(200));
    assertEquals(0.05, BetaScore.auditRate(1e9));
  }
}
