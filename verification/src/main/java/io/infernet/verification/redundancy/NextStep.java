package io.infernet.verification.redundancy;

import io.infernet.verification.batch.ItemResult;
import java.util.List;

/** What a {@link Quorum} asks its owner to do. */
public sealed interface NextStep {

  /** Nothing, until a replica does something or its time is up. */
  record Wait() implements NextStep {}

  /**
   * Show these replicas all commitments and ask for what is behind theirs; then {@link
   * Quorum#revealsAsked}.
   *
   * @param replicas who committed and has not revealed
   */
  record AskReveals(List<ReplicaId> replicas) implements NextStep {
    public AskReveals {
      replicas = List.copyOf(replicas);
    }
  }

  /**
   * Assign the shard to that many more providers, each with {@link Quorum#assign}.
   *
   * @param replicas how many, at least one
   */
  record Escalate(int replicas) implements NextStep {}

  /**
   * The shard is done.
   *
   * @param by whose results count
   * @param results of all items, test items among them
   */
  record Settle(ReplicaId by, List<ItemResult> results) implements NextStep {
    public Settle {
      results = List.copyOf(results);
    }
  }

  /**
   * The shard has no result.
   *
   * @param reason for a person
   */
  record GiveUp(String reason) implements NextStep {}
}
