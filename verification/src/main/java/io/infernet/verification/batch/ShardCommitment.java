package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.commitment.Hash;

/**
 * A worker stands by results that nobody has seen yet.
 *
 * @param shard what it has done
 * @param attempt of its assignment
 * @param worker who commits
 * @param assignment digest of the signed assignment: nobody can lay a reveal of another assignment
 *     beside this
 * @param input digest of the items that it worked on
 * @param commitment hash over results, salt, worker, shard and attempt
 */
public record ShardCommitment(
    ShardId shard, int attempt, PeerId worker, Hash assignment, Hash input, Hash commitment)
    implements Statement {

  public ShardCommitment {
    requireNonNull(shard, "shard is null");
    requireNonNull(worker, "worker is null");
    requireNonNull(assignment, "assignment is null");
    requireNonNull(input, "input is null");
    requireNonNull(commitment, "commitment is null");
    Checks.requireNotNegative(attempt, "attempt");
  }

  @Override
  public PeerId author() {
    return worker;
  }

  @Override
  public Kind kind() {
    return Kind.COMMITMENT;
  }
}
