package io.infernet.verification.reputation;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import java.util.List;
import java.util.Optional;

/**
 * A score and all that it rests on, at one moment.
 *
 * @param worker whose score
 * @param model for which model
 * @param score from 0 to 1
 * @param alpha what passes weigh
 * @param beta what convictions weigh
 * @param auditRate share of its answers that are audited
 * @param availability from 0 to 1
 * @param ban if one holds
 * @param items single experiences, the latest first
 * @param folded how many older ones there were
 * @param foldedPasses what their passes weigh
 * @param foldedConvictions what their convictions weigh
 */
public record Explanation(
    PeerId worker,
    Cid model,
    double score,
    double alpha,
    double beta,
    double auditRate,
    double availability,
    Optional<Ban> ban,
    List<Item> items,
    long folded,
    double foldedPasses,
    double foldedConvictions) {

  /**
   * One experience.
   *
   * @param experience what it was
   * @param weight what it adds now, to α for a pass and to β for a conviction
   */
  public record Item(Experience experience, double weight) {}

  public Explanation {
    requireNonNull(worker, "worker is null");
    requireNonNull(model, "model is null");
    requireNonNull(ban, "ban is null");
    items = List.copyOf(items);
  }
}
