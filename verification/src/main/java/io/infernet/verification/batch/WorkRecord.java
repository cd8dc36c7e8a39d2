package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Optional;

/**
 * How far a worker is with an assignment: an immutable value, of which each step makes the next.
 *
 * <p>What it will reveal is signed and kept together with its commitment, before anybody hears of
 * either: after a crash it says the same again, and cannot say anything else.
 *
 * @param assignment what is to be done
 * @param state how far it is
 * @param commitment once the work is done
 * @param reveal once the work is done; nobody sees it before the state is {@code REVEALED}
 * @param verdict once the aggregator has said it
 * @param receipt once the client has accepted the results
 * @param reason why it was cancelled or failed; else empty
 * @param changedAt of the last step
 */
public record WorkRecord(
    Signed<Assignment> assignment,
    WorkState state,
    Optional<Signed<ShardCommitment>> commitment,
    Optional<Signed<Reveal>> reveal,
    Optional<Signed<Verdict>> verdict,
    Optional<Signed<ShardReceipt>> receipt,
    String reason,
    Instant changedAt) {

  public WorkRecord {
    requireNonNull(assignment, "assignment is null");
    requireNonNull(state, "state is null");
    requireNonNull(receipt, "receipt is null");
    Checks.requireLine(reason, "reason");
    changedAt = Checks.millis(changedAt, "changedAt");
    boolean done = commitment.isPresent();
    if (done != reveal.isPresent()
        || (!done
            && state != WorkState.ACCEPTED
            && state != WorkState.CANCELLED
            && state != WorkState.FAILED)
        || verdict.isPresent() != (state == WorkState.JUDGED)) {
      throw new IllegalArgumentException("work that is " + state + " with other statements");
    }
  }

  /** Work that has been taken. */
  public static WorkRecord accepted(Signed<Assignment> assignment, Instant now) {
    return new WorkRecord(
        assignment,
        WorkState.ACCEPTED,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        "",
        now);
  }

  public ShardId shard() {
    return assignment.statement().shard();
  }

  public int attempt() {
    return assignment.statement().attempt();
  }

  /** The work is done, and this is what will be said of it. */
  public WorkRecord committed(
      Signed<ShardCommitment> newCommitment, Signed<Reveal> newReveal, Instant now) {
    Assignment asked = assignment.statement();
    Reveal said = newReveal.statement();
    if (!newCommitment.statement().shard().equals(asked.shard())
        || newCommitment.statement().attempt() != asked.attempt()
        || !said.shard().equals(asked.shard())
        || said.attempt() != asked.attempt()
        || !said.input().equals(asked.input())
        || !said.terms().equals(asked.terms())) {
      throw new IllegalStepException(this + " cannot commit to other work");
    }
    return new WorkRecord(
        assignment,
        Steps.go(this, state, state.next(), WorkState.COMMITTED),
        Optional.of(newCommitment),
        Optional.of(newReveal),
        verdict,
        receipt,
        reason,
        now);
  }

  /** All have committed, or it is too late for more: the results may be seen. */
  public WorkRecord revealed(Instant now) {
    return with(Steps.go(this, state, state.next(), WorkState.REVEALED), verdict, receipt, "", now);
  }

  /** The aggregator has judged. */
  public WorkRecord judged(Signed<Verdict> newVerdict, Instant now) {
    requireMine(newVerdict.statement().shard(), newVerdict.statement().attempt());
    return with(
        Steps.go(this, state, state.next(), WorkState.JUDGED),
        Optional.of(newVerdict),
        receipt,
        "",
        now);
  }

  /** The client has accepted the results; may come before or after the verdict. */
  public WorkRecord receipted(Signed<ShardReceipt> newReceipt, Instant now) {
    requireMine(newReceipt.statement().shard(), newReceipt.statement().attempt());
    if (state != WorkState.REVEALED && state != WorkState.JUDGED) {
      throw new IllegalStepException(this + " is " + state + " and cannot take a receipt");
    }
    return with(state, verdict, Optional.of(newReceipt), "", now);
  }

  /** Nobody needs it any more. */
  public WorkRecord cancelled(String why, Instant now) {
    return with(
        Steps.go(this, state, state.next(), WorkState.CANCELLED), verdict, receipt, why, now);
  }

  /** It could not be done. */
  public WorkRecord failed(String why, Instant now) {
    return with(Steps.go(this, state, state.next(), WorkState.FAILED), verdict, receipt, why, now);
  }

  private void requireMine(ShardId shard, int attempt) {
    if (!shard.equals(shard()) || attempt != attempt()) {
      throw new IllegalStepException(this + " hears of attempt " + attempt + " at " + shard);
    }
  }

  private WorkRecord with(
      WorkState newState,
      Optional<Signed<Verdict>> newVerdict,
      Optional<Signed<ShardReceipt>> newReceipt,
      String why,
      Instant now) {
    return new WorkRecord(
        assignment, newState, commitment, reveal, newVerdict, newReceipt, why, now);
  }

  /** The shard and the attempt. */
  @Override
  public String toString() {
    return "work on " + shard() + ", attempt " + attempt();
  }
}
