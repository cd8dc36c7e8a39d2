package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.commitment.Hash;
import java.util.Optional;

/**
 * What came out about one worker's part, by whoever compared the replicas.
 *
 * @param shard the shard
 * @param attempt of the worker's assignment
 * @param worker about whom
 * @param judge who says it
 * @param outcome what came out
 * @param input digest of the shard's items
 * @param result digest of what the worker revealed; empty when it revealed nothing
 */
public record Verdict(
    ShardId shard,
    int attempt,
    PeerId worker,
    PeerId judge,
    ReplicaVerdict outcome,
    Hash input,
    Optional<Hash> result)
    implements Statement {

  public Verdict {
    requireNonNull(shard, "shard is null");
    requireNonNull(worker, "worker is null");
    requireNonNull(judge, "judge is null");
    requireNonNull(outcome, "outcome is null");
    requireNonNull(input, "input is null");
    requireNonNull(result, "result is null");
    Checks.requireNotNegative(attempt, "attempt");
  }

  @Override
  public PeerId author() {
    return judge;
  }

  @Override
  public Kind kind() {
    return Kind.VERDICT;
  }
}
