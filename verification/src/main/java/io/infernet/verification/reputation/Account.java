package io.infernet.verification.reputation;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;
import java.time.Instant;
import java.util.List;

/**
 * What is known of one worker with one model. An immutable value.
 *
 * @param model the CID of the model's manifest
 * @param experiences the latest, in the order in which they came
 * @param folded how many older ones there were, of which only the weight is left
 * @param alpha what all passes weighed at {@code countedAt}, single ones and folded ones
 * @param beta what all convictions weighed then
 * @param countedAt when something was last counted
 */
public record Account(
    Cid model,
    List<Experience> experiences,
    long folded,
    double alpha,
    double beta,
    Instant countedAt) {

  public Account {
    requireNonNull(model, "model is null");
    requireNonNull(countedAt, "countedAt is null");
    experiences = List.copyOf(experiences);
    if (folded < 0 || !isWeight(alpha) || !isWeight(beta)) {
      throw new IllegalArgumentException(
          "not a sum of experiences: " + folded + ", " + alpha + ", " + beta);
    }
  }

  private static boolean isWeight(double value) {
    return value >= 0 && value <= Double.MAX_VALUE;
  }

  static Account empty(Cid model) {
    return new Account(model, List.of(), 0, 0, 0, Instant.EPOCH);
  }
}
