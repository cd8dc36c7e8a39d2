package io.infernet.verification.reputation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.verification.Samples;
import io.infernet.verification.batch.ReplicaVerdict;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.reputation.Experience.Kind;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReputationLedgerTest {

  private static final List<PeerId> PEERS =
      IntStream.range(0, 112).mapToObj(TestIdentities::peerId).toList();
  private static final PeerId WORKER = PEERS.get(1);
  private static final PeerId OTHER = PEERS.get(2);
  private static final Cid MODEL = Samples.MODEL;
  private static final ReputationConfig CONFIG = ReputationConfig.defaults();

  private final VirtualTime time = new VirtualTime();
  private final MemoryReputationStore store = new MemoryReputationStore();
  private ReputationLedger ledger = new ReputationLedger(CONFIG, store, time.clock());
  private int evidence;

  @Test
  void strangersStartAtTheBottomAndAreAuditedFully() {
    assertEquals(0, ledger.score(WORKER, MODEL));
    assertEquals(1, ledger.auditRate(WORKER, MODEL));
    assertEquals(1, ledger.availability(WORKER));
    assertEquals(Optional.empty(), ledger.ban(WORKER));
  }

  @Test
  void passesRaiseTheScoreOfThatWorkerWithThatModel() {
    pass(WORKER, 20);
    assertEquals(Math.pow(0.05, 1 / 20.0), ledger.score(WORKER, MODEL), 1e-9);
    assertEquals(0.5, ledger.auditRate(WORKER, MODEL), 1e-9);
    assertEquals(0, ledger.score(OTHER, MODEL));
    assertEquals(0, ledger.score(WORKER, model(1)));
    assertEquals(List.of(MODEL), ledger.models(WORKER));
  }

  @Test
  void passesWeighHalfAfterThirtyDays() {
    pass(WORKER, 40);
    time.advance(Duration.ofDays(30));
    assertEquals(20, ledger.explain(WORKER, MODEL).alpha(), 1e-6);
    assertEquals(Math.pow(0.05, 1 / 20.0), ledger.score(WORKER, MODEL), 1e-6);
  }

  @Test
  void aConvictionTakesAllPassesAndWeighsFifty() {
    pass(WORKER, 200);
    ledger.convicted(WORKER, MODEL, next(), "false reveal");
    Explanation explanation = ledger.explain(WORKER, MODEL);
    assertEquals(0, explanation.alpha());
    assertEquals(50, explanation.beta());
    assertEquals(0, explanation.score());
    assertEquals(1, ledger.auditRate(WORKER, MODEL));
    pass(WORKER, 20);
    assertTrue(
        ledger.score(WORKER, MODEL) < 0.3, "the way back is long: " + ledger.score(WORKER, MODEL));
  }

  @Test
  void aFreshKeyIsWorthNoMoreThanABurntOne() {
    pass(WORKER, 100);
    ledger.convicted(WORKER, MODEL, next(), "false reveal");
    assertTrue(ledger.score(OTHER, MODEL) <= ledger.score(WORKER, MODEL));
    assertEquals(1, ledger.auditRate(OTHER, MODEL));
  }

  @Test
  void threeFailedChecksConvictAndFewerDoNot() {
    pass(WORKER, 30);
    double before = ledger.score(WORKER, MODEL);
    ledger.failed(WORKER, MODEL, next(), "outvoted");
    ledger.failed(WORKER, MODEL, next(), "outvoted");
    assertEquals(before, ledger.score(WORKER, MODEL));
    assertEquals(Optional.empty(), ledger.ban(WORKER));
    ledger.failed(WORKER, MODEL, next(), "outvoted");
    assertEquals(0, ledger.score(WORKER, MODEL));
    assertEquals("outvoted", ledger.ban(WORKER).orElseThrow().reason());
    ledger.failed(WORKER, MODEL, next(), "outvoted");
    assertEquals(50, ledger.explain(WORKER, MODEL).beta(), "counted anew after a conviction");
  }

  @Test
  void failedChecksFarApartDoNotConvict() {
    for (int i = 0; i < 5; i++) {
      ledger.failed(WORKER, MODEL, next(), "outvoted");
      time.advance(Duration.ofDays(16));
    }
    assertEquals(Optional.empty(), ledger.ban(WORKER));
  }

  @Test
  void theSameEvidenceCountsOnce() {
    Hash same = next();
    for (int i = 0; i < 5; i++) {
      ledger.passed(WORKER, MODEL, same, "agreed");
    }
    assertEquals(1, ledger.explain(WORKER, MODEL).alpha(), 1e-9);
    Hash failure = next();
    for (int i = 0; i < 5; i++) {
      ledger.failed(WORKER, MODEL, failure, "outvoted");
    }
    assertEquals(Optional.empty(), ledger.ban(WORKER));
  }

  @Test
  void aPassThatTurnsOutToBeNoneIsTakenBack() {
    Hash same = next();
    ledger.passed(WORKER, MODEL, same, "agreed");
    ledger.failed(WORKER, MODEL, same, "done again with another result");
    ledger.passed(WORKER, MODEL, same, "agreed");
    Explanation explanation = ledger.explain(WORKER, MODEL);
    assertEquals(0, explanation.alpha());
    assertEquals(Kind.FAIL, explanation.items().get(0).experience().kind());
  }

  @Test
  void bansGrowAndTheThirdIsForGood() {
    ledger.convicted(WORKER, MODEL, next(), "first");
    assertTrue(ledger.ban(WORKER).isPresent());
    time.advance(Duration.ofDays(7));
    assertEquals(Optional.empty(), ledger.ban(WORKER));
    ledger.convicted(WORKER, model(1), next(), "second");
    time.advance(Duration.ofDays(13));
    assertTrue(ledger.ban(WORKER).isPresent(), "14 days, whatever the model");
    time.advance(Duration.ofDays(1));
    assertEquals(Optional.empty(), ledger.ban(WORKER));
    ledger.convicted(WORKER, MODEL, next(), "third");
    time.advance(Duration.ofDays(10_000));
    assertEquals(new Ban(Optional.empty(), "third"), ledger.ban(WORKER).orElseThrow());
  }

  @Test
  void timeOutsAndRefusalsMoveAvailabilityAlone() {
    pass(WORKER, 20);
    double score = ledger.score(WORKER, MODEL);
    ledger.attended(WORKER, Attendance.TIMED_OUT);
    ledger.attended(WORKER, Attendance.REFUSED);
    assertEquals(0.95 * 0.95, ledger.availability(WORKER), 1e-12);
    ledger.attended(WORKER, Attendance.SERVED);
    assertEquals(0.95 * 0.95 * 0.95 + 0.05, ledger.availability(WORKER), 1e-12);
    assertEquals(score, ledger.score(WORKER, MODEL));
  }

  @Test
  void refusalsByPolicyCostNothing() {
    ledger.attended(WORKER, Attendance.REFUSED_BY_POLICY);
    assertEquals(1, ledger.availability(WORKER));
    assertTrue(store.all().isEmpty());
  }

  @Test
  void verdictsCountAsWhatTheyAre() {
    for (ReplicaVerdict verdict : ReplicaVerdict.values()) {
      PeerId worker = PEERS.get(10 + verdict.ordinal());
      ledger.judged(worker, MODEL, next(), verdict);
      Explanation explanation = ledger.explain(worker, MODEL);
      assertEquals(verdict == ReplicaVerdict.AGREED ? 1 : 0, explanation.alpha(), verdict::name);
      assertEquals(
          verdict == ReplicaVerdict.FALSE_REVEAL ? 50 : 0, explanation.beta(), verdict::name);
      boolean absent = verdict == ReplicaVerdict.SILENT || verdict == ReplicaVerdict.NO_REVEAL;
      assertEquals(absent ? 0.95 : 1, explanation.availability(), 1e-12, verdict::name);
    }
  }

  @Test
  void everyScoreExplainsItself() {
    Instant first = time.clock().instant();
    ledger.passed(WORKER, MODEL, hash(100), "agreed");
    time.advance(Duration.ofDays(30));
    ledger.convicted(WORKER, MODEL, hash(101), "false reveal");
    time.advance(Duration.ofDays(30));
    ledger.passed(WORKER, MODEL, hash(102), "agreed");
    Explanation explanation = ledger.explain(WORKER, MODEL);
    assertEquals(
        List.of(hash(102), hash(101)),
        explanation.items().stream().map(item -> item.experience().evidence()).toList());
    assertEquals(1, explanation.items().get(0).weight(), 1e-9);
    assertEquals(25, explanation.items().get(1).weight(), 1e-6);
    assertEquals(
        Instant.ofEpochMilli(first.toEpochMilli()).plus(Duration.ofDays(30)),
        explanation.items().get(1).experience().when());
    assertEquals(1, explanation.alpha(), 1e-9);
    assertEquals(25, explanation.beta(), 1e-6);
    assertEquals(ledger.score(WORKER, MODEL), explanation.score());
  }

  @Test
  void whatIsBeyondTheLimitIsAddedUpWithoutChangingTheScore() {
    ReputationLedger wide =
        new ReputationLedger(limited(10, 4, 10_000), new MemoryReputationStore(), time.clock());
    ReputationLedger narrow =
        new ReputationLedger(limited(10, 4, 8), new MemoryReputationStore(), time.clock());
    for (int i = 0; i < 500; i++) {
      Hash evidence = next();
      for (ReputationLedger each : List.of(wide, narrow)) {
        if (i == 150) {
          each.convicted(WORKER, MODEL, evidence, "false reveal");
        } else {
          each.passed(WORKER, MODEL, evidence, "agreed");
        }
      }
      time.advance(Duration.ofHours(7));
    }
    Explanation all = wide.explain(WORKER, MODEL);
    Explanation some = narrow.explain(WORKER, MODEL);
    assertEquals(all.alpha(), some.alpha(), 1e-6);
    assertEquals(all.beta(), some.beta(), 1e-6);
    assertEquals(all.score(), some.score(), 1e-6);
    assertEquals(8, some.items().size());
    assertTrue(
        some.items().stream().anyMatch(item -> item.experience().kind() == Kind.CONVICTION),
        "passes are added up first");
    assertEquals(
        all.alpha(),
        some.foldedPasses()
            + some.items().stream()
                .filter(item -> item.experience().kind() == Kind.PASS)
                .mapToDouble(Explanation.Item::weight)
                .sum(),
        1e-6);
  }

  @Test
  void goesOnFromItsStore() {
    Property.forAll(
        50,
        random -> {
          MemoryReputationStore kept = new MemoryReputationStore();
          ReputationConfig config = limited(6, 3, 8);
          ReputationLedger first = new ReputationLedger(config, kept, time.clock());
          for (int i = 0; i < 200; i++) {
            act(random, first);
          }
          ReputationLedger second = new ReputationLedger(config, kept, time.clock());
          for (int n = 0; n < 12; n++) {
            PeerId worker = PEERS.get(n);
            for (int m = 0; m < 5; m++) {
              assertEquals(first.explain(worker, model(m)), second.explain(worker, model(m)));
            }
          }
        });
  }

  private void act(RandomGenerator random, ReputationLedger onto) {
    PeerId worker = PEERS.get(random.nextInt(12));
    onto.judged(
        worker,
        model(random.nextInt(5)),
        hash(random.nextInt(1000)),
        Property.pick(
            random,
            List.of(
                ReplicaVerdict.AGREED,
                ReplicaVerdict.AGREED,
                ReplicaVerdict.OUTVOTED,
                ReplicaVerdict.FALSE_REVEAL,
                ReplicaVerdict.SILENT)));
    time.advance(Duration.ofMinutes(random.nextInt(3000)));
  }

  @Test
  void keepsToItsLimitsWhoeverComes() {
    Property.forAll(
        20,
        random -> {
          MemoryReputationStore kept = new MemoryReputationStore();
          ReputationLedger small = new ReputationLedger(limited(6, 3, 8), kept, time.clock());
          for (int i = 0; i < 300; i++) {
            act(random, small);
            assertTrue(kept.all().size() <= 6);
            for (Standing standing : kept.all()) {
              assertTrue(standing.accounts().size() <= 3);
              for (Account account : standing.accounts()) {
                assertTrue(account.experiences().size() <= 8);
              }
            }
          }
        });
  }

  @Test
  void strangersInNumbersDriveOutNeitherTheGoodNorTheBanned() {
    ReputationLedger small = new ReputationLedger(limited(10, 3, 8), store, time.clock());
    for (int i = 0; i < 30; i++) {
      small.passed(WORKER, MODEL, next(), "agreed");
    }
    small.convicted(OTHER, MODEL, next(), "false reveal");
    double score = small.score(WORKER, MODEL);
    for (int n = 12; n < 112; n++) {
      small.passed(PEERS.get(n), MODEL, next(), "agreed");
    }
    assertEquals(score, small.score(WORKER, MODEL));
    assertTrue(small.ban(OTHER).isPresent());
    assertEquals(10, store.all().size());
  }

  @Test
  void aClockSetBackDoesNotInflateWeights() {
    pass(WORKER, 10);
    ReputationLedger before =
        new ReputationLedger(CONFIG, store, Clock.offset(time.clock(), Duration.ofDays(-100)));
    assertEquals(10, before.explain(WORKER, MODEL).alpha(), 1e-9);
  }

  @Test
  void showsItsDefaultsAndRefusesNonsense() {
    assertEquals(Duration.ofDays(30), CONFIG.halfLife());
    assertEquals(50, CONFIG.convictionWeight());
    assertThrows(IllegalArgumentException.class, () -> limited(0, 1, 8));
    assertThrows(IllegalArgumentException.class, () -> limited(1, 0, 8));
    assertThrows(IllegalArgumentException.class, () -> limited(1, 1, 5));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Experience(hash(1), Kind.PASS, "x".repeat(201), Instant.EPOCH));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Standing(WORKER, 1.1, 0, Optional.empty(), List.of()));
    assertFalse(new Ban(Optional.of(Instant.EPOCH), "over").holdsAt(Instant.EPOCH));
  }

  private void pass(PeerId worker, int times) {
    for (int i = 0; i < times; i++) {
      ledger.passed(worker, MODEL, next(), "agreed");
    }
  }

  private Hash next() {
    return hash(1_000_000 + evidence++);
  }

  private static Hash hash(int n) {
    return Hash.parse(String.format("%064x", n));
  }

  private static Cid model(int n) {
    return Cid.of(Cid.RAW, Multihash.sha256(new byte[] {(byte) n}));
  }

  private static ReputationConfig limited(int workers, int models, int entries) {
    return new ReputationConfig(
        CONFIG.halfLife(),
        CONFIG.convictionWeight(),
        CONFIG.failsToConvict(),
        CONFIG.failsWithin(),
        CONFIG.firstBan(),
        CONFIG.convictionsToBanForGood(),
        CONFIG.maxEvidenceAge(),
        CONFIG.maxClockSkew(),
        workers,
        models,
        entries);
  }
}
