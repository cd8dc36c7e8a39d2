package io.infernet.verification.redundancy;

import static java.util.Objects.requireNonNull;

import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ItemResult.Failed;
import io.infernet.verification.batch.TaskType;
import java.math.BigDecimal;
import java.util.List;

/**
 * When the results of two replicas of a shard count as the same. Symmetric, and not transitive
 * where there is a tolerance. An immutable value.
 *
 * @param rule for one item
 * @param differing share of the items that may break the rule, from 0 to below 1; more than 0 only
 *     where a user says so, as for greedy text of different hardware classes
 */
public record Agreement(ItemRule rule, double differing) {

  public Agreement {
    requireNonNull(rule, "rule is null");
    if (!(differing >= 0 && differing < 1)) {
      throw new IllegalArgumentException("differing must be in [0, 1): " + differing);
    }
  }

  /** What holds for a task when the user says nothing: all items, by the rule's defaults. */
  public static Agreement of(TaskType task) {
    return new Agreement(
        switch (task) {
          case GENERATE -> new ItemRule.SameTokens();
          case EMBED -> ItemRule.CloseVectors.defaults();
          case CLASSIFY -> ItemRule.CloseLabels.defaults();
        },
        0);
  }

  /**
   * The tolerance that a user gives as one number.
   *
   * @param tolerance for texts the share of items that may differ; for vectors what their cosine
   *     may lack to 1, at most 0.5; for labels how far scores, and the scores of differing labels,
   *     may be apart; 0 is exact
   * @throws IllegalArgumentException with a message for the user when it is negative or too large
   */
  public static Agreement within(TaskType task, double tolerance) {
    double limit =
        switch (task) {
          case GENERATE -> 0.99;
          case EMBED -> 0.5;
          case CLASSIFY -> 1e6; // Scores need not be probabilities.
        };
    if (!(tolerance >= 0 && tolerance <= limit)) {
      throw new IllegalArgumentException(
          "a tolerance for "
              + task
              + " must be from 0 to "
              + BigDecimal.valueOf(limit).toPlainString()
              + ": "
              + tolerance);
    }
    return switch (task) {
      case GENERATE -> new Agreement(new ItemRule.SameTokens(), tolerance);
      // Directions whose cosine lacks t are √(2t) apart; a single number may take half of that.
      case EMBED ->
          new Agreement(new ItemRule.CloseVectors(1 - tolerance, Math.sqrt(tolerance / 2)), 0);
      case CLASSIFY -> new Agreement(new ItemRule.CloseLabels(tolerance, tolerance), 0);
    };
  }

  /**
   * Whether two lists of results agree: as long as each other, and no more than the allowed share
   * differs. Where both say that an item cannot be done, they agree, whatever words they use.
   */
  public boolean agree(List<ItemResult> a, List<ItemResult> b) {
    if (a.size() != b.size()) {
      return false;
    }
    long allowed = (long) Math.floor(differing * a.size());
    for (int i = 0; i < a.size(); i++) {
      if (!agree(a.get(i), b.get(i)) && --allowed < 0) {
        return false;
      }
    }
    return true;
  }

  private boolean agree(ItemResult a, ItemResult b) {
    return a instanceof Failed || b instanceof Failed
        ? a instanceof Failed && b instanceof Failed
        : rule.agree(a, b);
  }
}
