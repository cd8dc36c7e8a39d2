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
 * @param folded how many older ones there were
 * @param foldedPasses what their passes weighed at {@code foldedAt}
 * @param foldedConvictions what their convictions weighed then
 * @param foldedAt when they were last added up
 */
public record Account(
    Cid model,
    List<Experience> experiences,
    long folded,
    double foldedPasses,
    double foldedConvictions,
    Instant foldedAt) {

  public Account {
    requireNonNull(model, "model is null");
    requireNonNull(foldedAt, "foldedAt is null");
    experiences = List.copyOf(experiences);
    if (folded < 0 || !isWeight(foldedPasses) || !isWeight(foldedConvictions)) {
      throw new IllegalArgumentException("not a sum of experiences: " + folded);
    }
  }

  private static boolean isWeight(double value) {
    return value >= 0 && value <= Double.MAX_VALUE;
  }

  static Account empty(Cid model) {
    return new Account(model, List.of(), 0, 0, 0, Instant.EPOCH);
  }
}
