package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerId;
import java.util.Optional;

/**
 * One worker's part in a shard, as its aggregator keeps it.
 *
 * @param assignment what the worker is to do
 * @param state how far it is
 * @param commitment if it has committed
 * @param reveal if it has revealed
 * @param verdict if it has been judged, or was lost by its own fault
 */
public record ReplicaRecord(
    Signed<Assignment> assignment,
    ReplicaState state,
    Optional<Signed<ShardCommitment>> commitment,
    Optional<Signed<Reveal>> reveal,
    Optional<ReplicaVerdict> verdict) {

  public ReplicaRecord {
    requireNonNull(assignment, "assignment is null");
    requireNonNull(state, "state is null");
    requireNonNull(verdict, "verdict is null");
    boolean committed = state == ReplicaState.COMMITTED || state == ReplicaState.REVEALED;
    if ((commitment.isEmpty() && (committed || reveal.isPresent()))
        || reveal.isPresent() != (state == ReplicaState.REVEALED)) {
      throw new IllegalArgumentException("a replica that is " + state + " with other statements");
    }
  }

  static ReplicaRecord assigned(Signed<Assignment> assignment) {
    return new ReplicaRecord(
        assignment, ReplicaState.ASSIGNED, Optional.empty(), Optional.empty(), Optional.empty());
  }

  public int attempt() {
    return assignment.statement().attempt();
  }

  public PeerId worker() {
    return assignment.statement().worker();
  }

  ReplicaRecord committed(Signed<ShardCommitment> signed) {
    ShardCommitment said = signed.statement();
    Assignment asked = assignment.statement();
    requireSame(said.worker(), asked.worker(), "worker");
    requireSame(said.shard(), asked.shard(), "shard");
    requireSame(said.input(), asked.input(), "input");
    return new ReplicaRecord(
        assignment,
        Steps.go(this, state, state.next(), ReplicaState.COMMITTED),
        Optional.of(signed),
        Optional.empty(),
        verdict);
  }

  ReplicaRecord revealed(Signed<Reveal> signed) {
    Reveal said = signed.statement();
    Assignment asked = assignment.statement();
    requireSame(said.worker(), asked.worker(), "worker");
    requireSame(said.shard(), asked.shard(), "shard");
    requireSame(said.input(), asked.input(), "input");
    requireSame(said.terms(), asked.terms(), "terms");
    requireSame(said.items(), asked.items(), "items");
    return new ReplicaRecord(
        assignment,
        Steps.go(this, state, state.next(), ReplicaState.REVEALED),
        commitment,
        Optional.of(signed),
        verdict);
  }

  ReplicaRecord lost(Optional<ReplicaVerdict> blame) {
    return new ReplicaRecord(
        assignment,
        Steps.go(this, state, state.next(), ReplicaState.LOST),
        commitment,
        Optional.empty(),
        blame);
  }

  ReplicaRecord judged(ReplicaVerdict outcome) {
    return new ReplicaRecord(assignment, state, commitment, reveal, Optional.of(outcome));
  }

  private void requireSame(Object said, Object asked, String what) {
    if (!said.equals(asked)) {
      throw new IllegalStepException(
          this + " was asked for " + what + " " + asked + ", not " + said);
    }
  }

  /** The shard, the attempt and the worker. */
  @Override
  public String toString() {
    return "attempt " + attempt() + " of " + worker() + " at " + assignment.statement().shard();
  }
}
