package io.infernet.verification.redundancy;

import static java.util.Objects.requireNonNull;

import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ReplicaVerdict;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.commitment.Hash;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * One shard's way from assignments to a result and a verdict on each replica. It is told what
 * happens and says in {@link #next} what to do; the same events in the same order lead to the same
 * end, so it can be fed again from a store; a client checks an aggregator with {@link #check}. What
 * it is told must be signed by the replica; to see to that is its owner's duty. Owned by one
 * thread. It keeps the results of at most {@link QuorumConfig#maxAttempts} replicas.
 *
 * <p>Votes are gathered in rounds. A round closes when as many have committed as are wanted:
 * assigned replicas that are late are released, those that committed are asked to reveal, and
 * nobody else's commitment counts before all of them have revealed or run out of time. Results of
 * replicas that failed a test item, or revealed something else than they committed to, are no
 * votes, and others are asked in their place. Unanimity of the first {@link QuorumConfig#replicas}
 * settles; else three are asked for, then {@link QuorumConfig#maxVotes}; a strict majority of that
 * many settles as soon as it is there ({@link Majority} says how it is found).
 */
public final class Quorum {

  /** What became of something that a replica did. */
  public enum Outcome {
    ACCEPTED,
    /** It said the same before. */
    DUPLICATE,
    /** It committed to something else before; that holds. */
    CONTRADICTION,
    /** Its time was up, or its help is no longer needed. */
    TOO_LATE,
    /** It reveals what nobody has asked for. */
    TOO_EARLY,
    /** The shard was not assigned to it in that attempt. */
    UNKNOWN
  }

  private enum State {
    ASSIGNED,
    COMMITTED,
    ASKED,
    VOTED,
    RELEASED,
    OUT
  }

  private static final class Replica {
    State state = State.ASSIGNED;
    @Nullable Hash commitment;
    List<ItemResult> results = List.of();
    @Nullable ReplicaVerdict verdict;

    void out(ReplicaVerdict why) {
      state = State.OUT;
      verdict = why;
      results = List.of();
    }
  }

  private final QuorumConfig config;
  private final TaskType task;
  private final Agreement agreement;
  private final int items;
  private final TestItems tests;
  private final Map<ReplicaId, Replica> replicas = new LinkedHashMap<>();
  private int wanted;
  private boolean alone;
  private int compared;
  private Optional<ReplicaId> choice = Optional.empty();
  private @Nullable NextStep end;

  /**
   * A shard that nobody works on.
   *
   * @param items how many items it has, test items among them
   */
  public Quorum(
      QuorumConfig config, TaskType task, Agreement agreement, int items, TestItems tests) {
    this.config = requireNonNull(config, "config is null");
    this.task = requireNonNull(task, "task is null");
    this.agreement = requireNonNull(agreement, "agreement is null");
    this.items = items;
    this.tests = requireNonNull(tests, "tests is null");
    if (items < 1 || (!tests.answers().isEmpty() && tests.answers().lastKey() >= items)) {
      throw new IllegalArgumentException("a shard of " + items + " items with " + tests);
    }
    wanted = config.replicas();
  }

  /**
   * The shard was assigned. More may be than were asked for, so that a slow replica has a double;
   * those who commit first count.
   *
   * @throws IllegalArgumentException when the worker had it before, an attempt is not above those
   *     before it, or the attempts are used up
   * @throws IllegalStateException when the shard is done
   */
  public void assign(ReplicaId replica) {
    if (end != null) {
      throw new IllegalStateException("assigned after the end: " + replica);
    }
    if (attemptsLeft() == 0) {
      throw new IllegalArgumentException("more than " + config.maxAttempts() + " attempts");
    }
    for (ReplicaId other : replicas.keySet()) {
      if (!other.shard().equals(replica.shard())
          || other.attempt() >= replica.attempt()
          || other.worker().equals(replica.worker())) {
        throw new IllegalArgumentException(replica + " beside " + other);
      }
    }
    replicas.put(replica, new Replica());
  }

  /**
   * A replica with all that it said.
   *
   * @param salt what opens the commitment, together with the results
   */
  public record Opened(ReplicaId id, Hash commitment, List<ItemResult> results, Hash salt) {
    public Opened {
      requireNonNull(id, "id is null");
      requireNonNull(commitment, "commitment is null");
      results = List.copyOf(results);
      requireNonNull(salt, "salt is null");
    }
  }

  /**
   * What follows from these replicas alone, in whatever order they come: the same as for an
   * aggregator that has just heard the last of them.
   *
   * @throws IllegalArgumentException when they cannot be replicas of one shard
   */
  public static NextStep check(
      QuorumConfig config,
      TaskType task,
      Agreement agreement,
      int items,
      TestItems tests,
      List<Opened> replicas) {
    Quorum quorum = new Quorum(config, task, agreement, items, tests);
    quorum.nobodyElse();
    replicas.stream()
        .sorted(Comparator.comparingInt(opened -> opened.id().attempt()))
        .forEach(
            opened -> {
              quorum.assign(opened.id());
              quorum.commit(opened.id(), opened.commitment());
            });
    quorum.revealsAsked();
    for (Opened opened : replicas) {
      quorum.reveal(opened.id(), opened.results(), opened.salt());
    }
    return quorum.next();
  }

  /** How often the shard can still be assigned. */
  public int attemptsLeft() {
    return config.maxAttempts() - replicas.size();
  }

  /** Nobody else can be asked: what is there must do. */
  public void nobodyElse() {
    alone = true;
  }

  /** A replica committed. */
  public Outcome commit(ReplicaId id, Hash commitment) {
    Replica replica = replicas.get(id);
    if (replica == null) {
      return Outcome.UNKNOWN;
    }
    if (replica.commitment != null) {
      return replica.commitment.equals(commitment) ? Outcome.DUPLICATE : Outcome.CONTRADICTION;
    }
    if (end != null || replica.state != State.ASSIGNED) {
      return Outcome.TOO_LATE;
    }
    replica.commitment = commitment;
    replica.state = State.COMMITTED;
    return Outcome.ACCEPTED;
  }

  /**
   * All who committed were asked to reveal. Assigned replicas that have not committed are released:
   * with results under way, nothing that they commit to counts any more.
   */
  public void revealsAsked() {
    for (Replica replica : replicas.values()) {
      if (replica.state == State.COMMITTED) {
        replica.state = State.ASKED;
      } else if (replica.state == State.ASSIGNED) {
        replica.state = State.RELEASED;
      }
    }
  }

  /** A replica revealed; a wrong reveal is accepted too, as its verdict. */
  public Outcome reveal(ReplicaId id, List<ItemResult> results, Hash salt) {
    Replica replica = replicas.get(id);
    if (replica == null) {
      return Outcome.UNKNOWN;
    }
    switch (replica.state) {
      case ASSIGNED, COMMITTED -> {
        return Outcome.TOO_EARLY;
      }
      case VOTED -> {
        return Outcome.DUPLICATE;
      }
      case RELEASED, OUT -> {
        return Outcome.TOO_LATE;
      }
      case ASKED -> {}
    }
    Hash commitment = requireNonNull(replica.commitment, "asked without a commitment");
    if (!isOfThisShard(results)
        || !ShardHashes.opens(commitment, id, ShardHashes.ofResults(results), salt)) {
      replica.out(ReplicaVerdict.FALSE_REVEAL);
    } else if (!tests.passedBy(results, agreement)) {
      replica.out(ReplicaVerdict.FAILED_TEST_ITEM);
    } else {
      replica.state = State.VOTED;
      replica.results = List.copyOf(results);
    }
    return Outcome.ACCEPTED;
  }

  /** A replica's time is up, whatever it was to do; nothing happens when it did it. */
  public void timeOut(ReplicaId id) {
    Replica replica = replicas.get(id);
    if (replica != null && end == null) {
      if (replica.state == State.ASSIGNED) {
        replica.out(ReplicaVerdict.SILENT);
      } else if (replica.state == State.ASKED) {
        replica.out(ReplicaVerdict.NO_REVEAL);
      }
    }
  }

  /**
   * A replica goes without blame: it was cancelled, or refused for reasons of its own before its
   * time was up. Only one that has not committed can.
   */
  public void release(ReplicaId id) {
    Replica replica = replicas.get(id);
    if (replica != null && replica.state == State.ASSIGNED) {
      replica.state = State.RELEASED;
    }
  }

  /** What to do now. The same until something happens. */
  public NextStep next() {
    if (end == null) {
      end = decide();
      if (!(end instanceof NextStep.Settle || end instanceof NextStep.GiveUp)) {
        NextStep step = end;
        end = null;
        return step;
      }
      judge();
    }
    return end;
  }

  private NextStep decide() {
    if (count(State.ASKED) > 0) {
      return new NextStep.Wait();
    }
    int committed = count(State.COMMITTED);
    int assigned = count(State.ASSIGNED);
    List<ReplicaId> votes = in(State.VOTED);
    if (committed == 0) {
      Optional<ReplicaId> settled = settled(votes);
      if (settled.isPresent()) {
        return new NextStep.Settle(settled.get(), results(settled.get()));
      }
      while (votes.size() >= wanted && config.next(wanted) > wanted) {
        wanted = config.next(wanted);
      }
      if (votes.size() >= wanted) {
        return new NextStep.GiveUp(
            votes.size() + " replicas, and no result that a majority stands behind");
      }
    }
    int missing = wanted - votes.size() - committed;
    if (missing <= 0) {
      return new NextStep.AskReveals(in(State.COMMITTED));
    }
    int more = alone ? 0 : Math.min(missing - assigned, attemptsLeft());
    if (more > 0) {
      return new NextStep.Escalate(more);
    }
    if (assigned > 0) {
      return new NextStep.Wait();
    }
    if (committed > 0) {
      return new NextStep.AskReveals(in(State.COMMITTED));
    }
    return new NextStep.GiveUp(
        "only %d of the %d results that are needed, and %s"
            .formatted(votes.size(), wanted, alone ? "nobody else to ask" : "no attempt left"));
  }

  private Optional<ReplicaId> settled(List<ReplicaId> votes) {
    if (votes.size() > compared) {
      // Votes are never taken back, so with as many as before nothing has changed.
      compared = votes.size();
      choice = choose(votes);
    }
    return choice;
  }

  private Optional<ReplicaId> choose(List<ReplicaId> votes) {
    int n = votes.size();
    boolean[][] agree = new boolean[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        agree[i][j] = i == j || agreement.agree(results(votes.get(i)), results(votes.get(j)));
        agree[j][i] = agree[i][j];
      }
    }
    OptionalInt chosen = Majority.choose(agree, config.majority(n));
    if (chosen.isEmpty() && n >= config.replicas()) {
      // Unanimity: a group of all.
      chosen = Majority.choose(agree, n);
    }
    return chosen.isPresent() ? Optional.of(votes.get(chosen.getAsInt())) : Optional.empty();
  }

  /** Nobody is blamed for a shard without a result, but for what is wrong in itself. */
  private void judge() {
    if (end instanceof NextStep.Settle settle) {
      for (Replica replica : replicas.values()) {
        if (replica.state == State.VOTED) {
          replica.verdict =
              agreement.agree(replica.results, settle.results())
                  ? ReplicaVerdict.AGREED
                  : ReplicaVerdict.OUTVOTED;
        } else if (replica.state == State.ASSIGNED || replica.state == State.COMMITTED) {
          replica.state = State.RELEASED;
        }
      }
    }
  }

  /**
   * The verdicts so far, in the order of assignment; all of them once {@link #next} says {@link
   * NextStep.Settle} or {@link NextStep.GiveUp}. Replicas that were released, and those of a shard
   * without a result that nothing is wrong with, have none.
   */
  public Map<ReplicaId, ReplicaVerdict> verdicts() {
    Map<ReplicaId, ReplicaVerdict> verdicts = new LinkedHashMap<>();
    replicas.forEach(
        (id, replica) -> {
          if (replica.verdict != null) {
            verdicts.put(id, replica.verdict);
          }
        });
    return Collections.unmodifiableMap(verdicts);
  }

  /** The replicas that are still computing, in the order of assignment. */
  public List<ReplicaId> computing() {
    return in(State.ASSIGNED);
  }

  /** All commitments, as they are shown to those who are asked to reveal. */
  public Map<ReplicaId, Hash> commitments() {
    Map<ReplicaId, Hash> commitments = new LinkedHashMap<>();
    replicas.forEach(
        (id, replica) -> {
          if (replica.commitment != null) {
            commitments.put(id, replica.commitment);
          }
        });
    return Collections.unmodifiableMap(commitments);
  }

  /** As many results as items, of the task's kind. */
  private boolean isOfThisShard(List<ItemResult> results) {
    return results.size() == items && results.stream().allMatch(this::isOfThisTask);
  }

  private boolean isOfThisTask(ItemResult result) {
    return result instanceof ItemResult.Failed
        || switch (task) {
          case GENERATE -> result instanceof ItemResult.Generated;
          case EMBED -> result instanceof ItemResult.Embedded;
          case CLASSIFY -> result instanceof ItemResult.Classified;
        };
  }

  private List<ItemResult> results(ReplicaId id) {
    return requireNonNull(replicas.get(id), "no such replica").results;
  }

  private int count(State state) {
    return in(state).size();
  }

  private List<ReplicaId> in(State state) {
    return replicas.entrySet().stream()
        .filter(entry -> entry.getValue().state == state)
        .map(Map.Entry::getKey)
        .toList();
  }
}
