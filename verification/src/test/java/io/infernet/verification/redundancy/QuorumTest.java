package io.infernet.verification.redundancy;

import static io.infernet.verification.redundancy.Shards.replica;
import static io.infernet.verification.redundancy.Shards.salt;
import static io.infernet.verification.redundancy.Shards.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ReplicaVerdict;
import io.infernet.verification.batch.ShardId;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.redundancy.Quorum.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class QuorumTest {

  private static final List<ItemResult> RIGHT = List.of(text(1, 2), text(3));
  private static final List<ItemResult> WRONG = List.of(text(1, 2), text(4));
  private static final List<ItemResult> GARBAGE = List.of(text(7), text(7));
  private static final NextStep WAIT = new NextStep.Wait();

  private Quorum quorum = quorum(QuorumConfig.defaults());

  private static Quorum quorum(QuorumConfig config) {
    return new Quorum(
        config, TaskType.GENERATE, Agreement.of(TaskType.GENERATE), 2, TestItems.none());
  }

  private static Quorum tested() {
    return new Quorum(
        QuorumConfig.defaults(),
        TaskType.GENERATE,
        Agreement.of(TaskType.GENERATE),
        2,
        new TestItems(new TreeMap<>(Map.of(0, text(1, 2)))));
  }

  @Test
  void twoThatAgreeSettle() {
    assertEquals(new NextStep.Escalate(2), quorum.next());
    assign(0, 1);
    assertEquals(WAIT, quorum.next());
    commit(0, RIGHT);
    assertEquals(WAIT, quorum.next(), "nobody reveals before all have committed");
    commit(1, RIGHT);
    assertEquals(new NextStep.AskReveals(List.of(replica(0), replica(1))), quorum.next());
    quorum.revealsAsked();
    assertEquals(WAIT, quorum.next());
    reveal(1, RIGHT);
    assertEquals(WAIT, quorum.next());
    reveal(0, RIGHT);
    assertEquals(new NextStep.Settle(replica(0), RIGHT), quorum.next());
    assertEquals(
        Map.of(replica(0), ReplicaVerdict.AGREED, replica(1), ReplicaVerdict.AGREED),
        quorum.verdicts());
    assertEquals(quorum.next(), quorum.next());
  }

  @Test
  void oneSettlesWhereOneIsEnough() {
    quorum = quorum(QuorumConfig.of(1));
    round(Map.of(0, WRONG));
    assertEquals(new NextStep.Settle(replica(0), WRONG), quorum.next());
  }

  @Test
  void disagreementAsksForAThirdAndThenForFive() {
    round(Map.of(0, RIGHT, 1, WRONG));
    assertEquals(new NextStep.Escalate(1), quorum.next());
    round(Map.of(2, RIGHT));
    assertEquals(new NextStep.Escalate(2), quorum.next(), "two of three may be two of a pair");
    round(Map.of(3, RIGHT, 4, RIGHT));
    assertEquals(new NextStep.Settle(replica(0), RIGHT), quorum.next());
    assertEquals(ReplicaVerdict.OUTVOTED, quorum.verdicts().get(replica(1)));
    assertEquals(ReplicaVerdict.AGREED, quorum.verdicts().get(replica(4)));
  }

  @Test
  void threeThatAgreeAreAMajorityBeforeAllFiveAreThere() {
    quorum = quorum(QuorumConfig.of(4));
    round(Map.of(0, RIGHT, 1, WRONG, 2, RIGHT, 3, RIGHT));
    assertInstanceOf(NextStep.Settle.class, quorum.next());
  }

  @Test
  void fiveWithoutAMajoritySettleNothingAndBlameNobody() {
    round(Map.of(0, RIGHT, 1, WRONG));
    round(Map.of(2, GARBAGE));
    round(Map.of(3, WRONG, 4, RIGHT));
    NextStep.GiveUp end = assertInstanceOf(NextStep.GiveUp.class, quorum.next());
    assertEquals("5 replicas, and no result that a majority stands behind", end.reason());
    assertEquals(Map.of(), quorum.verdicts());
  }

  @Test
  void twoColludersAmongFiveAreOutvotedInWhateverOrder() {
    for (int first = 0; first < 5; first++) {
      for (int second = first + 1; second < 5; second++) {
        if (first == 0 && second == 1) {
          continue; // Both at once are a unanimous two; only test items and audits see them.
        }
        quorum = quorum(QuorumConfig.defaults());
        Map<Integer, List<ItemResult>> said = new TreeMap<>();
        for (int i = 0; i < 5; i++) {
          said.put(i, i == first || i == second ? WRONG : RIGHT);
        }
        for (List<Integer> round : List.of(List.of(0, 1), List.of(2), List.of(3, 4))) {
          if (quorum.next() instanceof NextStep.Escalate) {
            Map<Integer, List<ItemResult>> now = new TreeMap<>();
            round.forEach(i -> now.put(i, said.get(i)));
            round(now);
          }
        }
        assertEquals(RIGHT, ((NextStep.Settle) quorum.next()).results());
        quorum
            .verdicts()
            .forEach(
                (replica, verdict) ->
                    assertEquals(
                        said.get(replica.attempt()).equals(RIGHT)
                            ? ReplicaVerdict.AGREED
                            : ReplicaVerdict.OUTVOTED,
                        verdict));
      }
    }
  }

  @Test
  void aCopiedCommitmentIsAFalseReveal() {
    assign(0, 1);
    commit(0, RIGHT);
    assertEquals(Outcome.ACCEPTED, quorum.commit(replica(1), commitment(0, RIGHT)));
    quorum.revealsAsked();
    reveal(0, RIGHT);
    assertEquals(Outcome.ACCEPTED, quorum.reveal(replica(1), RIGHT, salt(0)));
    assertEquals(Map.of(replica(1), ReplicaVerdict.FALSE_REVEAL), quorum.verdicts());
    assertEquals(new NextStep.Escalate(1), quorum.next());
  }

  @Test
  void aResultCopiedFromAnothersRevealIsAFalseReveal() {
    assign(0, 1);
    commit(0, RIGHT);
    commit(1, GARBAGE);
    quorum.revealsAsked();
    reveal(0, RIGHT);
    quorum.reveal(replica(1), RIGHT, salt(1));
    assertEquals(ReplicaVerdict.FALSE_REVEAL, quorum.verdicts().get(replica(1)));
  }

  @Test
  void anOldCommitmentIsAFalseReveal() {
    assign(0, 1);
    commit(0, RIGHT);
    ShardId older = new ShardId(Shards.SHARD.job(), 2);
    quorum.commit(
        replica(1),
        ShardHashes.commitment(
            new ReplicaId(older, 1, Shards.worker(1)), ShardHashes.ofResults(RIGHT), salt(1)));
    quorum.revealsAsked();
    reveal(1, RIGHT);
    assertEquals(ReplicaVerdict.FALSE_REVEAL, quorum.verdicts().get(replica(1)));
  }

  @Test
  void resultsOfAnotherNumberOrTaskAreAFalseReveal() {
    assign(0, 1);
    List<ItemResult> tooMany = List.of(text(1, 2), text(3), text(5));
    List<ItemResult> vectors = List.of(Shards.vector(1), Shards.vector(2));
    commit(0, tooMany);
    commit(1, vectors);
    quorum.revealsAsked();
    reveal(0, tooMany);
    reveal(1, vectors);
    assertEquals(
        Map.of(replica(0), ReplicaVerdict.FALSE_REVEAL, replica(1), ReplicaVerdict.FALSE_REVEAL),
        quorum.verdicts());
  }

  @Test
  void whoIsSilentAndWhoDoesNotRevealIsReplaced() {
    assign(0, 1);
    commit(1, RIGHT);
    quorum.timeOut(replica(0));
    assertEquals(new NextStep.Escalate(1), quorum.next());
    assign(2);
    commit(2, RIGHT);
    quorum.revealsAsked();
    reveal(2, RIGHT);
    quorum.timeOut(replica(1));
    assertEquals(new NextStep.Escalate(1), quorum.next());
    round(Map.of(3, RIGHT));
    assertEquals(new NextStep.Settle(replica(2), RIGHT), quorum.next());
    assertEquals(
        Map.of(
            replica(0), ReplicaVerdict.SILENT,
            replica(1), ReplicaVerdict.NO_REVEAL,
            replica(2), ReplicaVerdict.AGREED,
            replica(3), ReplicaVerdict.AGREED),
        quorum.verdicts());
  }

  @Test
  void timeOutsDoNotReachWhoHasDoneItsPart() {
    assign(0, 1);
    commit(0, RIGHT);
    quorum.timeOut(replica(0));
    quorum.timeOut(replica(9));
    commit(1, RIGHT);
    quorum.revealsAsked();
    reveal(0, RIGHT);
    quorum.timeOut(replica(0));
    reveal(1, RIGHT);
    assertInstanceOf(NextStep.Settle.class, quorum.next());
    quorum.timeOut(replica(1));
    assertEquals(ReplicaVerdict.AGREED, quorum.verdicts().get(replica(1)));
  }

  @Test
  void whoFailsATestItemIsReplacedAndTheThirdSettles() {
    quorum = tested();
    round(Map.of(0, GARBAGE, 1, RIGHT));
    assertEquals(new NextStep.Escalate(1), quorum.next());
    round(Map.of(2, RIGHT));
    assertEquals(new NextStep.Settle(replica(1), RIGHT), quorum.next());
    assertEquals(ReplicaVerdict.FAILED_TEST_ITEM, quorum.verdicts().get(replica(0)));
  }

  @Test
  void aUnanimousPairOfGarbageFailsTheTestItems() {
    quorum = tested();
    round(Map.of(0, GARBAGE, 1, GARBAGE));
    assertEquals(new NextStep.Escalate(2), quorum.next());
    assertEquals(
        Map.of(
            replica(0), ReplicaVerdict.FAILED_TEST_ITEM,
            replica(1), ReplicaVerdict.FAILED_TEST_ITEM),
        quorum.verdicts());
  }

  @Test
  void theFirstToCommitCountWhereAStragglerHasADouble() {
    assign(0, 1, 2);
    commit(2, RIGHT);
    commit(0, RIGHT);
    assertEquals(new NextStep.AskReveals(List.of(replica(0), replica(2))), quorum.next());
    quorum.revealsAsked();
    assertEquals(Outcome.TOO_LATE, quorum.commit(replica(1), commitment(1, RIGHT)));
    quorum.timeOut(replica(1));
    reveal(0, RIGHT);
    reveal(2, RIGHT);
    assertInstanceOf(NextStep.Settle.class, quorum.next());
    assertEquals(null, quorum.verdicts().get(replica(1)), "being slower is no fault");
  }

  @Test
  void aRefusalGoesWithoutBlameAndIsReplaced() {
    assign(0, 1);
    quorum.release(replica(0));
    assertEquals(new NextStep.Escalate(1), quorum.next());
    assertEquals(Map.of(), quorum.verdicts());
  }

  @Test
  void aCommitmentHolds() {
    assign(0, 1);
    commit(0, RIGHT);
    assertEquals(Outcome.DUPLICATE, quorum.commit(replica(0), commitment(0, RIGHT)));
    assertEquals(Outcome.CONTRADICTION, quorum.commit(replica(0), commitment(0, WRONG)));
    assertEquals(Outcome.UNKNOWN, quorum.commit(replica(5), commitment(5, RIGHT)));
    assertEquals(Outcome.TOO_EARLY, quorum.reveal(replica(0), RIGHT, salt(0)));
    assertEquals(Outcome.TOO_EARLY, quorum.reveal(replica(1), RIGHT, salt(1)));
    assertEquals(Outcome.UNKNOWN, quorum.reveal(replica(5), RIGHT, salt(5)));
    assertEquals(Map.of(replica(0), commitment(0, RIGHT)), quorum.commitments());
    assertEquals(List.of(replica(1)), quorum.computing());
    commit(1, RIGHT);
    quorum.revealsAsked();
    reveal(0, RIGHT);
    assertEquals(Outcome.DUPLICATE, quorum.reveal(replica(0), RIGHT, salt(0)));
    quorum.timeOut(replica(1));
    assertEquals(Outcome.TOO_LATE, quorum.reveal(replica(1), RIGHT, salt(1)));
  }

  @Test
  void givesUpWhenNobodyElseCanBeAsked() {
    assign(0, 1);
    commit(0, RIGHT);
    quorum.timeOut(replica(1));
    quorum.nobodyElse();
    assertEquals(new NextStep.AskReveals(List.of(replica(0))), quorum.next());
    quorum.revealsAsked();
    reveal(0, RIGHT);
    assertEquals(
        new NextStep.GiveUp("only 1 of the 2 results that are needed, and nobody else to ask"),
        quorum.next());
    assertEquals(Map.of(replica(1), ReplicaVerdict.SILENT), quorum.verdicts());
    assertThrows(IllegalStateException.class, () -> assign(2));
  }

  @Test
  void givesUpWhenTheAttemptsAreUsedUp() {
    quorum = quorum(new QuorumConfig(2, 3, 4));
    assign(0, 1, 2, 3);
    IntStream.range(0, 4).forEach(i -> quorum.timeOut(replica(i)));
    assertEquals(
        new NextStep.GiveUp("only 0 of the 2 results that are needed, and no attempt left"),
        quorum.next());
    assertEquals(0, quorum.attemptsLeft());
  }

  @Test
  void noWorkerHasAShardTwice() {
    assign(0, 1);
    ReplicaId again = new ReplicaId(Shards.SHARD, 2, Shards.worker(0));
    assertThrows(IllegalArgumentException.class, () -> quorum.assign(again));
    ReplicaId sameAttempt = new ReplicaId(Shards.SHARD, 1, Shards.worker(2));
    assertThrows(IllegalArgumentException.class, () -> quorum.assign(sameAttempt));
    ShardId other = new ShardId(Shards.SHARD.job(), 4);
    ReplicaId otherShard = new ReplicaId(other, 2, Shards.worker(2));
    assertThrows(IllegalArgumentException.class, () -> quorum.assign(otherShard));
  }

  @Test
  void aClientComesToTheSameEndFromWhatReplicasSaid() {
    List<Quorum.Opened> opened = new ArrayList<>();
    for (int i : new int[] {3, 0, 4}) {
      opened.add(opened(i, RIGHT));
    }
    opened.add(opened(1, WRONG));
    opened.add(opened(2, GARBAGE));
    assertEquals(new NextStep.Settle(replica(0), RIGHT), check(opened));
    assertInstanceOf(NextStep.GiveUp.class, check(opened.subList(2, 5)));
    Quorum.Opened altered = new Quorum.Opened(replica(3), commitment(3, RIGHT), WRONG, salt(3));
    assertInstanceOf(NextStep.GiveUp.class, check(List.of(altered, opened(0, RIGHT))));
    assertThrows(
        IllegalArgumentException.class, () -> check(List.of(opened(0, RIGHT), opened(0, RIGHT))));
  }

  @Test
  void refusesConfigurationsThatCannotDecide() {
    assertEquals(new QuorumConfig(2, 5, 12), QuorumConfig.defaults());
    assertThrows(IllegalArgumentException.class, () -> new QuorumConfig(0, 5, 12));
    assertThrows(IllegalArgumentException.class, () -> new QuorumConfig(2, 4, 12));
    assertThrows(IllegalArgumentException.class, () -> new QuorumConfig(6, 5, 12));
    assertThrows(IllegalArgumentException.class, () -> new QuorumConfig(2, 5, 4));
    assertThrows(IllegalArgumentException.class, () -> new QuorumConfig(2, 5, 17));
  }

  private static NextStep check(List<Quorum.Opened> opened) {
    return Quorum.check(
        QuorumConfig.defaults(),
        TaskType.GENERATE,
        Agreement.of(TaskType.GENERATE),
        2,
        TestItems.none(),
        opened);
  }

  private static Quorum.Opened opened(int n, List<ItemResult> results) {
    return new Quorum.Opened(replica(n), commitment(n, results), results, salt(n));
  }

  private static Hash commitment(int n, List<ItemResult> results) {
    return ShardHashes.commitment(replica(n), ShardHashes.ofResults(results), salt(n));
  }

  private void assign(int... workers) {
    for (int n : workers) {
      quorum.assign(replica(n));
    }
  }

  private void commit(int n, List<ItemResult> results) {
    assertEquals(Outcome.ACCEPTED, quorum.commit(replica(n), commitment(n, results)));
  }

  private void reveal(int n, List<ItemResult> results) {
    assertEquals(Outcome.ACCEPTED, quorum.reveal(replica(n), results, salt(n)));
  }

  /** All of them are assigned, commit, and reveal. */
  private void round(Map<Integer, List<ItemResult>> results) {
    Map<Integer, List<ItemResult>> sorted = new TreeMap<>(results);
    sorted.keySet().forEach(this::assign);
    sorted.forEach(this::commit);
    quorum.revealsAsked();
    sorted.forEach(this::reveal);
  }
}
