package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import io.infernet.verification.commitment.Hash;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;

/**
 * How far a shard is: an immutable value, of which each step makes the next. Steps that must not
 * follow throw {@link IllegalStepException}; signatures and commitments are checked before.
 *
 * <p>Commitments are taken only while nobody has been asked to reveal, so whoever commits cannot
 * know what others of its round found. A worker gets one part in a shard, ever.
 *
 * @param id its name
 * @param firstItem the first of the batch's items in it
 * @param items how many of the batch's items are in it; they follow each other
 * @param tests items with known answers among them, ascending by position
 * @param input digest of all items, tests among them
 * @param inputTokens tokens of all items, tests among them
 * @param state how far it is
 * @param replicas who works or worked on it, ascending by attempt
 * @param winner the attempt whose results are the shard's
 * @param reason why it was given up; else empty
 */
public record ShardRecord(
    ShardId id,
    long firstItem,
    int items,
    List<TestItem> tests,
    Hash input,
    int inputTokens,
    ShardState state,
    List<ReplicaRecord> replicas,
    OptionalInt winner,
    String reason) {

  public ShardRecord {
    requireNonNull(id, "id is null");
    requireNonNull(input, "input is null");
    requireNonNull(state, "state is null");
    tests = List.copyOf(tests);
    replicas = List.copyOf(replicas);
    Checks.requireNotNegative(firstItem, "firstItem");
    Checks.requirePositive(items, "items");
    Checks.requirePositive(inputTokens, "inputTokens");
    Checks.requireLine(reason, "reason");
    int before = -1;
    for (TestItem test : tests) {
      if (test.position() <= before || test.position() >= items + tests.size()) {
        throw new IllegalArgumentException("a test at position " + test.position() + " of " + id);
      }
      before = test.position();
    }
    for (int i = 0; i < replicas.size(); i++) {
      if (replicas.get(i).attempt() != i) {
        throw new IllegalArgumentException("attempts of " + id + " that do not follow each other");
      }
    }
    if (winner.isPresent() != (state == ShardState.SETTLED)
        || (winner.isPresent() && winner.getAsInt() >= replicas.size())) {
      throw new IllegalArgumentException(id + " is " + state + " with winner " + winner);
    }
  }

  /** A shard that has just been cut. */
  public static ShardRecord open(
      ShardId id, long firstItem, int items, List<TestItem> tests, Hash input, int inputTokens) {
    return new ShardRecord(
        id,
        firstItem,
        items,
        tests,
        input,
        inputTokens,
        ShardState.OPEN,
        List.of(),
        OptionalInt.empty(),
        "");
  }

  /** Items and tests. */
  public int size() {
    return items + tests.size();
  }

  /** The part with that attempt, if there is one. */
  public Optional<ReplicaRecord> replica(int attempt) {
    return attempt >= 0 && attempt < replicas.size()
        ? Optional.of(replicas.get(attempt))
        : Optional.empty();
  }

  /** What workers revealed, in the order of their attempts. */
  public List<Signed<Reveal>> reveals() {
    return replicas.stream().flatMap(replica -> replica.reveal().stream()).toList();
  }

  /** What workers committed to, in the order of their attempts. */
  public List<Signed<ShardCommitment>> commitments() {
    return replicas.stream().flatMap(replica -> replica.commitment().stream()).toList();
  }

  /**
   * How many attempts, from the first on, belong to rounds whose reveals were asked for. Those
   * after them may still commit.
   */
  public int closedAttempts() {
    if (state != ShardState.OPEN && state != ShardState.ASSIGNED) {
      return replicas.size();
    }
    int closed = 0;
    for (ReplicaRecord replica : replicas) {
      if (replica.state() == ReplicaState.REVEALED
          || (replica.state() == ReplicaState.LOST && replica.commitment().isPresent())) {
        closed = replica.attempt() + 1;
      }
    }
    return closed;
  }

  /** How many workers are at that. */
  public int count(ReplicaState replicaState) {
    return (int) replicas.stream().filter(replica -> replica.state() == replicaState).count();
  }

  /**
   * Another worker gets it: the first, a replacement, a double of a straggler, or one more after
   * disagreement.
   */
  public ShardRecord assigned(Signed<Assignment> signed) {
    Assignment assignment = signed.statement();
    ShardState next =
        state == ShardState.ASSIGNED
            ? state
            : Steps.go(this, state, state.next(), ShardState.ASSIGNED);
    if (!assignment.shard().equals(id)
        || assignment.attempt() != replicas.size()
        || !assignment.input().equals(input)
        || assignment.items() != size()
        || assignment.inputTokens() != inputTokens) {
      throw new IllegalStepException(
          this + " cannot take attempt " + assignment.attempt() + " at " + assignment.shard());
    }
    if (replicas.stream().anyMatch(replica -> replica.worker().equals(assignment.worker()))) {
      throw new IllegalStepException(this + " was with " + assignment.worker() + " before");
    }
    List<ReplicaRecord> more = new ArrayList<>(replicas);
    more.add(ReplicaRecord.assigned(signed));
    return with(next, more, winner, reason);
  }

  /** A worker has committed. */
  public ShardRecord committed(Signed<ShardCommitment> commitment) {
    require(ShardState.ASSIGNED, "take a commitment");
    return changed(commitment.statement().attempt(), replica -> replica.committed(commitment));
  }

  /**
   * A worker refused, was released, failed or was too late.
   *
   * @param blame {@code SILENT} or {@code NO_REVEAL} when its time was up; empty when it goes
   *     without blame
   */
  public ShardRecord lost(int attempt, Optional<ReplicaVerdict> blame) {
    if (state.isFinal()) {
      throw illegal("lose attempt " + attempt);
    }
    return changed(attempt, replica -> replica.lost(blame));
  }

  /** Nobody works on it any more and nobody has committed: others may. */
  public ShardRecord reopened() {
    require(ShardState.ASSIGNED, "be opened again");
    if (count(ReplicaState.LOST) != replicas.size()) {
      throw illegal("be opened again while workers have it");
    }
    return with(Steps.go(this, state, state.next(), ShardState.OPEN), replicas, winner, reason);
  }

  /**
   * All commitments are in, or it is too late for more; those who have not committed are released.
   */
  public ShardRecord commitmentsClosed() {
    require(ShardState.ASSIGNED, "close its commitments");
    if (count(ReplicaState.COMMITTED) == 0) {
      throw illegal("close its commitments without any");
    }
    return with(
        Steps.go(this, state, state.next(), ShardState.COMMITTED),
        losing(ReplicaState.ASSIGNED, Optional.empty()),
        winner,
        reason);
  }

  /** A worker has revealed. */
  public ShardRecord revealed(Signed<Reveal> reveal) {
    require(ShardState.COMMITTED, "take a reveal");
    return changed(reveal.statement().attempt(), replica -> replica.revealed(reveal));
  }

  /** All have revealed, or it is too late for more; those who have not are lost by their fault. */
  public ShardRecord revealsClosed() {
    require(ShardState.COMMITTED, "close its reveals");
    return with(
        Steps.go(this, state, state.next(), ShardState.REVEALED),
        losing(ReplicaState.COMMITTED, Optional.of(ReplicaVerdict.NO_REVEAL)),
        winner,
        reason);
  }

  /** More replicas are needed: results differ, or there are too few. */
  public ShardRecord escalated() {
    return with(
        Steps.go(this, state, state.next(), ShardState.ESCALATED), replicas, winner, reason);
  }

  /**
   * Its results are known.
   *
   * @param attempt whose results they are; it has revealed and agreed
   * @param verdicts one for each attempt
   */
  public ShardRecord settled(int attempt, Map<Integer, ReplicaVerdict> verdicts) {
    ShardState next = Steps.go(this, state, state.next(), ShardState.SETTLED);
    if (replica(attempt).flatMap(ReplicaRecord::reveal).isEmpty()
        || verdicts.get(attempt) != ReplicaVerdict.AGREED) {
      throw illegal("settle with the results of attempt " + attempt);
    }
    return with(next, judged(verdicts), OptionalInt.of(attempt), reason);
  }

  /**
   * It is given up.
   *
   * @param why for a person, one line
   * @param verdicts those that there are
   */
  public ShardRecord failed(String why, Map<Integer, ReplicaVerdict> verdicts) {
    return with(
        Steps.go(this, state, state.next(), ShardState.FAILED),
        judged(verdicts),
        OptionalInt.empty(),
        why);
  }

  private List<ReplicaRecord> judged(Map<Integer, ReplicaVerdict> verdicts) {
    List<ReplicaRecord> judged = new ArrayList<>();
    for (ReplicaRecord replica : replicas) {
      ReplicaVerdict verdict = verdicts.get(replica.attempt());
      judged.add(verdict == null ? replica : replica.judged(verdict));
    }
    return judged;
  }

  private List<ReplicaRecord> losing(ReplicaState late, Optional<ReplicaVerdict> blame) {
    return replicas.stream()
        .map(replica -> replica.state() == late ? replica.lost(blame) : replica)
        .toList();
  }

  private ShardRecord changed(int attempt, UnaryOperator<ReplicaRecord> step) {
    if (replica(attempt).isEmpty()) {
      throw illegal("hear of attempt " + attempt + " of " + replicas.size());
    }
    List<ReplicaRecord> changed = new ArrayList<>(replicas);
    changed.set(attempt, step.apply(changed.get(attempt)));
    return with(state, changed, winner, reason);
  }

  private void require(ShardState needed, String step) {
    if (state != needed) {
      throw illegal(step);
    }
  }

  private IllegalStepException illegal(String step) {
    return new IllegalStepException(this + " is " + state + " and cannot " + step);
  }

  private ShardRecord with(
      ShardState newState, List<ReplicaRecord> newReplicas, OptionalInt newWinner, String why) {
    return new ShardRecord(
        id, firstItem, items, tests, input, inputTokens, newState, newReplicas, newWinner, why);
  }

  /** Its name. */
  @Override
  public String toString() {
    return "shard " + id;
  }
}
