package io.infernet.verification.reputation;

import org.apache.commons.numbers.gamma.RegularizedBeta;

/**
 * Scores and audit rates from what passes and convictions weigh. Stateless.
 *
 * <p>The score is the 5 % lower bound of Beta(α, 1 + β). With one failure and no success assumed
 * beforehand it is 0 for those of whom nothing is known, as it is for those who have just been
 * convicted: a fresh key is worth no more than a burnt one.
 */
final class BetaScore {

  /** How likely the true rate is to be lower, verification.md "Reputation". */
  private static final double BOUND = 0.05;

  private static final double PRECISION = 1e-6;

  private static final int FULLY_AUDITED = 20;

  private static final double LEAST_AUDITED = 0.05;

  private BetaScore() {}

  /**
   * The score, from 0 to 1.
   *
   * @param alpha weight of passes
   * @param beta weight of convictions
   */
  static double of(double alpha, double beta) {
    if (alpha <= 0) {
      return 0;
    }
    if (beta <= 0) {
      return Math.pow(BOUND, 1 / alpha);
    }
    double low = 0;
    double high = 1;
    while (high - low > PRECISION) {
      double middle = (low + high) / 2;
      if (RegularizedBeta.value(middle, alpha, 1 + beta) < BOUND) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** The share of answers to audit: all for the first 20 passes, then 10/passes, at least 5 %. */
  static double auditRate(double passes) {
    return passes < FULLY_AUDITED ? 1 : Math.max(LEAST_AUDITED, 10 / passes);
  }
}
