package io.infernet.verification.reputation;

import static io.infernet.verification.redundancy.Shards.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.Property;
import io.infernet.verification.Samples;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.Reveal;
import io.infernet.verification.batch.ShardId;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.Signed;
import io.infernet.verification.redundancy.ShardHashes;
import io.infernet.verification.redundancy.ShardWork;
import io.infernet.verification.redundancy.Shards;
import io.infernet.verification.wire.BatchLimits;
import io.infernet.verification.wire.StatementCodec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EvidenceCheckerTest {

  private static final List<ItemResult> RIGHT = List.of(text(1), text(2), text(3));
  private static final List<ItemResult> WRONG = List.of(text(1), text(2), text(9));
  private static final ReputationConfig CONFIG = ReputationConfig.defaults();

  private final StatementCodec codec = new StatementCodec(BatchLimits.defaults());
  private final VirtualTime time = new VirtualTime();
  private final EvidenceChecker checker =
      new EvidenceChecker(CONFIG, Signed::isGenuine, time.clock());
  private final ReputationLedger ledger =
      new ReputationLedger(CONFIG, new MemoryReputationStore(), time.clock());

  @Test
  void whatTheWorkerSignedIsToBeDoneAgain() {
    Evidence evidence = evidence(0, WRONG);
    assertEquals(new Finding.Redo(Shards.work()), checker.examine(evidence));
    assertFalse(checker.stands(evidence, RIGHT));
    assertTrue(checker.stands(evidence(0, RIGHT), RIGHT));
  }

  @Test
  void threeShardsThatDoNotStandConvict() {
    for (int shard = 0; shard < 3; shard++) {
      assertEquals(Optional.empty(), ledger.ban(Samples.provider()));
      report(evidence(shard, WRONG));
    }
    assertTrue(ledger.ban(Samples.provider()).isPresent());
  }

  @Test
  void oneShardReportedOftenIsOneFailedCheck() {
    for (int i = 0; i < 10; i++) {
      report(evidence(0, WRONG));
    }
    assertEquals(Optional.empty(), ledger.ban(Samples.provider()));
    assertEquals(evidence(0, WRONG).id(), evidence(0, RIGHT).id());
    assertNotEquals(evidence(0, WRONG).id(), evidence(1, WRONG).id());
  }

  @Test
  void evidenceAgainstHonestWorkDoesNotHarm() {
    for (int shard = 0; shard < 10; shard++) {
      report(evidence(shard, RIGHT));
    }
    assertTrue(ledger.explain(Samples.provider(), Samples.MODEL).items().isEmpty());
  }

  @Test
  void otherResultsBelowTheSignatureAreForged() {
    Evidence honest = evidence(0, RIGHT);
    assertForged("the worker signed other results", with(honest, honest.work(), WRONG));
  }

  @Test
  void otherWorkBelowTheSignatureIsForged() {
    Evidence honest = evidence(0, RIGHT);
    ShardWork work = honest.work();
    List<ShardItem> items = new ArrayList<>(work.items());
    items.set(0, new ShardItem(TokenIds.of(99), 11));
    ShardWork other =
        new ShardWork(
            work.model(), work.task(), work.sampling(), work.maxTokens(), work.stopIds(), items);
    assertForged("the worker signed other work", with(honest, other, RIGHT));
  }

  @Test
  void anotherNumberOfItemsIsForged() {
    Evidence honest = evidence(0, RIGHT);
    assertForged(
        "3 items and 2 results where the worker signed 3",
        with(honest, honest.work(), RIGHT.subList(0, 2)));
  }

  @Test
  void aRevealThatSomebodyElseSignedIsForged() {
    assertForged("the worker did not sign it", evidence(0, WRONG, Samples.CLIENT, now()));
  }

  @Test
  void aChangedRevealCountsForNothing() {
    Signed<Reveal> genuine = evidence(0, RIGHT).reveal();
    Property.forAll(
        300,
        random -> {
          byte[] bytes = Property.mutate(random, genuine.envelope().toBytes());
          try {
            Signed<Reveal> read = codec.decodeReveal(bytes);
            Finding finding = checker.examine(new Evidence(read, Shards.work(), RIGHT));
            // One whose time has changed may also be too old.
            assertTrue(
                !(finding instanceof Finding.Redo) || read.statement().equals(genuine.statement()));
          } catch (ProtocolViolationException e) {
            // Not even a reveal.
          }
        });
  }

  @Test
  void evidenceFromTheFutureIsForgedAndOldEvidenceIsTooOld() {
    Instant ahead = now().plus(CONFIG.maxClockSkew()).plusMillis(1);
    assertForged(
        "the work was finished in the future", evidence(0, WRONG, Samples.PROVIDER, ahead));
    Evidence evidence = evidence(0, WRONG);
    time.advance(CONFIG.maxEvidenceAge().plusMillis(1));
    assertInstanceOf(Finding.TooOld.class, checker.examine(evidence));
    ledger.refuted(evidence);
    assertTrue(ledger.explain(Samples.provider(), Samples.MODEL).items().isEmpty());
  }

  @Test
  void forgedEvidenceChangesNothing() {
    for (int i = 0; i < 20; i++) {
      ledger.passed(Samples.provider(), Samples.MODEL, evidence(100 + i, RIGHT).id(), "agreed");
    }
    Explanation before = ledger.explain(Samples.provider(), Samples.MODEL);
    for (int shard = 0; shard < 5; shard++) {
      report(evidence(shard, WRONG, Samples.CLIENT, now()));
      report(with(evidence(shard, RIGHT), Shards.work(), WRONG));
      report(evidence(shard, WRONG, Samples.PROVIDER, now().plus(Duration.ofDays(1))));
    }
    assertEquals(before, ledger.explain(Samples.provider(), Samples.MODEL));
  }

  /** As a node does with evidence: checks it, does the work again, counts what it found. */
  private void report(Evidence evidence) {
    if (checker.examine(evidence) instanceof Finding.Redo && !checker.stands(evidence, RIGHT)) {
      ledger.refuted(evidence);
    }
  }

  private void assertForged(String reason, Evidence evidence) {
    assertEquals(new Finding.Forged(reason), checker.examine(evidence));
  }

  private static Evidence with(Evidence evidence, ShardWork work, List<ItemResult> results) {
    return new Evidence(evidence.reveal(), work, results);
  }

  private Instant now() {
    return time.clock().instant();
  }

  private Evidence evidence(int shard, List<ItemResult> results) {
    return evidence(shard, results, Samples.PROVIDER, now());
  }

  private Evidence evidence(int shard, List<ItemResult> results, PrivateKey key, Instant when) {
    Reveal reveal = reveal(shard, results, Samples.provider(), when);
    return new Evidence(codec.sign(reveal, key), Shards.work(), results);
  }

  private static Reveal reveal(int shard, List<ItemResult> results, PeerId worker, Instant when) {
    return new Reveal(
        new ShardId(Shards.SHARD.job(), shard),
        1,
        worker,
        Shards.salt(6),
        Shards.salt(7),
        ShardHashes.ofWork(Shards.work()),
        ShardHashes.ofResults(results),
        Shards.salt(8),
        results.size(),
        6,
        3,
        10,
        when,
        when);
  }
}
