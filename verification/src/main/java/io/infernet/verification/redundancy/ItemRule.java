package io.infernet.verification.redundancy;

import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ItemResult.Classified;
import io.infernet.verification.batch.ItemResult.Embedded;

/**
 * When two results of one item count as the same. Symmetric; not transitive where it has a
 * tolerance. Stateless.
 */
public sealed interface ItemRule {

  /** Whether the two agree; neither is {@link ItemResult.Failed}. */
  boolean agree(ItemResult a, ItemResult b);

  /** The same tokens and the same end: greedy text, and sampled text with a given seed. */
  record SameTokens() implements ItemRule {
    @Override
    public boolean agree(ItemResult a, ItemResult b) {
      return a instanceof ItemResult.Generated && a.equals(b);
    }
  }

  /**
   * Vectors of one direction and length.
   *
   * @param minCosine cosine of the angle between them, at least
   * @param maxDifference the largest difference of any of their numbers and of their lengths, as a
   *     share of the longer one's length; it sees a single number that was changed, and a vector
   *     that was only stretched
   */
  record CloseVectors(double minCosine, double maxDifference) implements ItemRule {

    /**
     * Cosine 0.998, largest difference 0.03. Honest machines differ by rounding: hidden states of
     * 24 layers in bfloat16, int8 and int4 came out up to 2.2 % apart (ADR 21), so two machines
     * that err independently are up to 3.1 % apart, cosine 0.9995. This allows twice as much, 6.3
     * %. No single number may take more than half of that.
     */
    public static CloseVectors defaults() {
      return new CloseVectors(0.998, 0.03);
    }

    public CloseVectors {
      if (!(minCosine > 0 && minCosine <= 1)) {
        throw new IllegalArgumentException("minCosine must be in (0, 1]: " + minCosine);
      }
      if (!(maxDifference >= 0 && maxDifference < 1)) {
        throw new IllegalArgumentException("maxDifference must be in [0, 1): " + maxDifference);
      }
    }

    @Override
    public boolean agree(ItemResult a, ItemResult b) {
      return a instanceof Embedded left
          && b instanceof Embedded right
          && left.size() == right.size()
          && areClose(left, right);
    }

    private boolean areClose(Embedded a, Embedded b) {
      double product = 0;
      double squareA = 0;
      double squareB = 0;
      double difference = 0;
      for (int i = 0; i < a.size(); i++) {
        product += (double) a.get(i) * b.get(i);
        squareA += (double) a.get(i) * a.get(i);
        squareB += (double) b.get(i) * b.get(i);
        difference = Math.max(difference, Math.abs((double) a.get(i) - b.get(i)));
      }
      double lengthA = Math.sqrt(squareA);
      double lengthB = Math.sqrt(squareB);
      double allowed = maxDifference * Math.max(lengthA, lengthB);
      // Equal bits are equal whatever rounding makes of their cosine; nothing else has length 0.
      return difference == 0
          || (product >= minCosine * lengthA * lengthB
              && difference <= allowed
              && Math.abs(lengthA - lengthB) <= allowed);
    }
  }

  /**
   * The same label, or two that both sides found about as likely, and scores that fit.
   *
   * @param margin where the labels differ, their two scores may differ by this much on either side
   * @param maxDifference the largest difference of any score
   */
  record CloseLabels(double margin, double maxDifference) implements ItemRule {

    /**
     * 0.05 for both, for scores between 0 and 1. An error of 1 % in logits that are 5 apart moves a
     * probability by up to 0.0125 and the gap of two by up to 0.025; this allows twice as much.
     */
    public static CloseLabels defaults() {
      return new CloseLabels(0.05, 0.05);
    }

    public CloseLabels {
      if (!(margin >= 0 && margin < Double.MAX_VALUE)) {
        throw new IllegalArgumentException("margin must be 0 or more: " + margin);
      }
      if (!(maxDifference >= 0 && maxDifference < Double.MAX_VALUE)) {
        throw new IllegalArgumentException("maxDifference must be 0 or more: " + maxDifference);
      }
    }

    @Override
    public boolean agree(ItemResult a, ItemResult b) {
      if (!(a instanceof Classified left
          && b instanceof Classified right
          && left.size() == right.size())) {
        return false;
      }
      for (int i = 0; i < left.size(); i++) {
        if (Math.abs((double) left.score(i) - right.score(i)) > maxDifference) {
          return false;
        }
      }
      return left.label() == right.label()
          || (gap(left, right.label()) <= margin && gap(right, left.label()) <= margin);
    }

    private static double gap(Classified result, int other) {
      return Math.abs((double) result.score(result.label()) - result.score(other));
    }
  }
}
