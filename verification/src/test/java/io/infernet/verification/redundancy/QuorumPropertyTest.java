package io.infernet.verification.redundancy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.testing.Property;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ReplicaVerdict;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.commitment.Hash;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Shards worked on by whoever comes: honest machines that round, and those that cheat. */
class QuorumPropertyTest {

  private static final int ITEMS = 3;
  private static final int DIMENSIONS = 64;
  private static final double ERROR = 0.02;

  /** What a worker of a random shard is like. */
  private enum Kind {
    HONEST,
    /** Says what all of its kind say. */
    COLLUDER,
    /**
     * Says something that just about agrees with the truth and as much as it can with colluders.
     */
    MIDDLE,
    GARBAGE,
    SILENT,
    NO_REVEAL,
    COPIER
  }

  @Test
  void noHonestReplicaIsBlamedWhileCheatersAreTwo() {
    int[] ends = new int[2];
    Property.forAll(
        3_000,
        random -> {
          Set<Integer> cheaters = new HashSet<>();
          while (cheaters.size() < 2) {
            cheaters.add(random.nextInt(5));
          }
          Run run = new Run(random, cheaters, new QuorumConfig(3, 5, 12));
          NextStep end = run.toTheEnd();
          run.assertHonestAreUnharmed();
          if (end instanceof NextStep.Settle settle) {
            assertTrue(run.isWithinToleranceOfAllHonest(settle.results()));
            ends[0]++;
          } else {
            ends[1]++;
          }
        });
    assertTrue(ends[0] > 2_900, ends[0] + " settled, " + ends[1] + " not");
  }

  @Test
  void honestReplicasThatRoundAlwaysSettleAtOnce() {
    Property.forAll(
        2_000,
        random -> {
          Run run = new Run(random, Set.of(), QuorumConfig.of(1 + random.nextInt(5)));
          assertTrue(run.toTheEnd() instanceof NextStep.Settle);
          assertEquals(run.config.replicas(), run.kinds.size());
          run.assertHonestAreUnharmed();
        });
  }

  @Test
  void theSameEventsLeadToTheSameEndAndWhateverHappensItEnds() {
    Property.forAll(
        300,
        random -> {
          QuorumConfig config = QuorumConfig.of(1 + random.nextInt(5));
          Quorum quorum = quorum(config);
          Quorum again = quorum(config);
          List<ItemResult> right = vectors(random);
          List<ItemResult> wrong = vectors(random);
          int attempt = 0;
          for (int step = 0; step < 200; step++) {
            int n = random.nextInt(Math.max(1, Math.min(attempt + 1, 12)));
            List<ItemResult> results = random.nextBoolean() ? right : wrong;
            Hash commitment =
                ShardHashes.commitment(
                    Shards.replica(n), ShardHashes.ofResults(results), Shards.salt(n));
            int what = random.nextInt(6);
            NextStep next = quorum.next();
            assertEquals(next, again.next());
            boolean over = next instanceof NextStep.Settle || next instanceof NextStep.GiveUp;
            for (Quorum each : List.of(quorum, again)) {
              switch (what) {
                case 0 -> {
                  if (!over && attempt < 12) {
                    each.assign(Shards.replica(attempt));
                  }
                }
                case 1 -> each.commit(Shards.replica(n), commitment);
                case 2 -> each.reveal(Shards.replica(n), results, Shards.salt(n));
                case 3 -> each.timeOut(Shards.replica(n));
                case 4 -> each.release(Shards.replica(n));
                default -> {
                  if (next instanceof NextStep.AskReveals) {
                    each.revealsAsked();
                  }
                }
              }
            }
            attempt += what == 0 && !over && attempt < 12 ? 1 : 0;
            assertEquals(quorum.verdicts(), again.verdicts());
          }
          quorum.nobodyElse();
          for (int round = 0; round < 3; round++) {
            for (int n = 0; n < attempt; n++) {
              quorum.timeOut(Shards.replica(n));
            }
            if (quorum.next() instanceof NextStep.AskReveals) {
              quorum.revealsAsked();
            }
          }
          NextStep end = quorum.next();
          assertTrue(
              end instanceof NextStep.Settle || end instanceof NextStep.GiveUp, end.toString());
        });
  }

  /**
   * One fifth of all workers say the same wrong thing. Two replicas are wrong when the first two
   * are such (0.2² = 4 %), or one of them is and two of the next three are (0.32 · 0.104 = 3.3 %).
   * Three: 0.2³ = 0.8 %, or two of the first three with one of the next two, or one with both
   * (0.096 · 0.36 + 0.384 · 0.04 = 5 %).
   */
  @Test
  void anAdversaryWithAFifthOfTheWorkersWinsAsOftenAsComputed() {
    assertEquals(0.04 + 0.0333, wins(QuorumConfig.of(2)), 0.01);
    assertEquals(0.008 + 0.0499, wins(QuorumConfig.of(3)), 0.01);
  }

  private static double wins(QuorumConfig config) {
    int shards = 10_000;
    int[] wrong = new int[1];
    List<ItemResult> truth = List.of(Shards.vector(1, 0));
    List<ItemResult> lie = List.of(Shards.vector(0, 1));
    Property.forAll(
        shards,
        random -> {
          Quorum quorum =
              new Quorum(config, TaskType.EMBED, Agreement.of(TaskType.EMBED), 1, TestItems.none());
          Map<ReplicaId, List<ItemResult>> said = new HashMap<>();
          NextStep next = quorum.next();
          while (next instanceof NextStep.Escalate escalate) {
            for (int i = 0; i < escalate.replicas(); i++) {
              ReplicaId replica = Shards.replica(said.size());
              List<ItemResult> results = random.nextInt(5) == 0 ? lie : truth;
              said.put(replica, results);
              quorum.assign(replica);
              quorum.commit(
                  replica,
                  ShardHashes.commitment(
                      replica, ShardHashes.ofResults(results), Shards.salt(replica.attempt())));
            }
            quorum.revealsAsked();
            said.forEach(
                (replica, results) ->
                    quorum.reveal(replica, results, Shards.salt(replica.attempt())));
            next = quorum.next();
          }
          wrong[0] += ((NextStep.Settle) next).results().equals(lie) ? 1 : 0;
        });
    return (double) wrong[0] / shards;
  }

  private static Quorum quorum(QuorumConfig config) {
    return new Quorum(
        config, TaskType.EMBED, Agreement.of(TaskType.EMBED), ITEMS, TestItems.none());
  }

  private static List<ItemResult> vectors(RandomGenerator random) {
    List<ItemResult> vectors = new ArrayList<>();
    for (int i = 0; i < ITEMS; i++) {
      vectors.add(new ItemResult.Embedded(Shards.direction(random, DIMENSIONS)));
    }
    return vectors;
  }

  /** One shard from the first assignment to its end. */
  private static final class Run {
    final QuorumConfig config;
    final Quorum quorum;
    final List<Kind> kinds = new ArrayList<>();
    final Map<Integer, List<ItemResult>> said = new HashMap<>();
    private final RandomGenerator random;
    private final Set<Integer> cheaters;
    private final List<float[]> truth = new ArrayList<>();
    private final List<ItemResult> lie;

    Run(RandomGenerator random, Set<Integer> cheaters, QuorumConfig config) {
      this.random = random;
      this.cheaters = cheaters;
      this.config = config;
      quorum = quorum(config);
      for (int i = 0; i < ITEMS; i++) {
        truth.add(Shards.direction(random, DIMENSIONS));
      }
      lie = results(0.08);
    }

    private List<ItemResult> results(double error) {
      return truth.stream().map(vector -> Shards.disturbed(random, vector, error)).toList();
    }

    NextStep toTheEnd() {
      while (true) {
        NextStep next = quorum.next();
        if (next instanceof NextStep.Escalate escalate) {
          for (int i = 0; i < escalate.replicas(); i++) {
            assign();
          }
        } else if (next instanceof NextStep.AskReveals ask) {
          quorum.revealsAsked();
          ask.replicas().forEach(this::reveal);
        } else if (!(next instanceof NextStep.Wait)) {
          return next;
        }
      }
    }

    private void assign() {
      int n = kinds.size();
      Kind kind =
          cheaters.contains(n)
              ? Kind.values()[1 + random.nextInt(Kind.values().length - 1)]
              : Kind.HONEST;
      kinds.add(kind);
      said.put(
          n,
          switch (kind) {
            case COLLUDER -> lie;
            case MIDDLE -> results(0.04 + 0.03 * random.nextDouble());
            case GARBAGE -> vectors(random);
            default -> results(ERROR);
          });
      quorum.assign(Shards.replica(n));
      switch (kind) {
        case SILENT -> quorum.timeOut(Shards.replica(n));
        case COPIER ->
            quorum.commit(
                Shards.replica(n),
                quorum.commitments().values().stream()
                    .findFirst()
                    .orElseGet(() -> Shards.hash(random)));
        default ->
            quorum.commit(
                Shards.replica(n),
                ShardHashes.commitment(
                    Shards.replica(n), ShardHashes.ofResults(said.get(n)), Shards.salt(n)));
      }
    }

    private void reveal(ReplicaId replica) {
      int n = replica.attempt();
      if (kinds.get(n) == Kind.NO_REVEAL) {
        quorum.timeOut(replica);
      } else {
        quorum.reveal(replica, said.get(n), Shards.salt(n));
      }
    }

    void assertHonestAreUnharmed() {
      quorum
          .verdicts()
          .forEach(
              (replica, verdict) -> {
                boolean honest = kinds.get(replica.attempt()) == Kind.HONEST;
                assertFalse(honest && verdict != ReplicaVerdict.AGREED, replica + " " + verdict);
              });
    }

    boolean isWithinToleranceOfAllHonest(List<ItemResult> results) {
      return said.entrySet().stream()
          .filter(entry -> kinds.get(entry.getKey()) == Kind.HONEST)
          .allMatch(entry -> Agreement.of(TaskType.EMBED).agree(entry.getValue(), results));
    }
  }
}
