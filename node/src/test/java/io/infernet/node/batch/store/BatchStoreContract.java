package io.infernet.node.batch.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.verification.batch.BatchRecord;
import io.infernet.verification.batch.BatchState;
import io.infernet.verification.batch.IllegalStepException;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ReplicaVerdict;
import io.infernet.verification.batch.ShardId;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.ShardRecord;
import io.infernet.verification.batch.ShardState;
import io.infernet.verification.batch.TestItem;
import io.infernet.verification.batch.Verdict;
import io.infernet.verification.batch.WorkState;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.receipt.AnswerEnd;
import io.infernet.verification.wire.BatchLimits;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What holds for the store of batches, in memory and on disk. */
public abstract class BatchStoreContract {

  /** Empty ones at first; the same ones each time. */
  protected abstract BatchTables tables();

  /** As after a crash: what was written is there. */
  protected abstract BatchTables reopened();

  private BatchStore store() {
    return new TableBatchStore(tables(), BatchLimits.defaults());
  }

  /** How many places to cut a run at; all where opening the store again costs nothing. */
  protected abstract int cuts();

  /** The process is gone. */
  private static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Takes so many steps, then crashes. */
  private static final class MortalTables implements BatchTables {
    private final BatchTables tables;
    private int left;

    MortalTables(BatchTables tables, int left) {
      this.tables = tables;
      this.left = left;
    }

    @Override
    public void write(List<Removal> removals, List<Put> puts) {
      if (left == 0) {
        throw new Crash();
      }
      left--;
      tables.write(removals, puts);
    }

    @Override
    public Optional<byte[]> get(Table table, byte[] key) {
      return tables.get(table, key);
    }

    @Override
    public List<byte[]> values(Table table, byte[] from, byte[] to, int limit) {
      return tables.values(table, from, to, limit);
    }
  }

  private static BatchDriver driver(BatchTables tables, long seed, List<List<ItemResult>> output) {
    return new BatchDriver(
        new TableBatchStore(tables, BatchLimits.defaults()), seed, 24, 7, 9, output::add);
  }

  private record End(
      BatchRecord batch, List<ShardRecord> shards, List<ShardItem> items, int results) {}

  private static End end(BatchTables tables, long seed) {
    BatchStore store = new TableBatchStore(tables, BatchLimits.defaults());
    List<ShardRecord> shards = store.shards(BatchDriver.job(seed), 0, 1000);
    int results = 0;
    for (ShardRecord shard : shards) {
      for (int attempt = 0; attempt < shard.replicas().size(); attempt++) {
        results += store.results(shard.id(), attempt).size();
      }
    }
    return new End(
        store.batch(BatchDriver.job(seed)).orElseThrow(),
        shards,
        store.items(BatchDriver.job(seed), 0, 1000),
        results);
  }

  @Test
  void comesToTheSameEndWhereverItWasCut() {
    long seed = 5;
    List<List<ItemResult>> whole = new ArrayList<>();
    MortalTables counting = new MortalTables(new MemoryBatchTables(), Integer.MAX_VALUE);
    driver(counting, seed, whole).run();
    int steps = Integer.MAX_VALUE - counting.left;
    End expected = end(counting, seed);
    assertTrue(expected.batch().state().isFinal());
    assertTrue(
        expected.shards().stream().anyMatch(shard -> shard.replicas().size() > 2), "escalated");
    assertEquals(List.of(), expected.items(), "items are dropped with their shard");
    assertEquals(0, expected.results(), "results are dropped with their shard");

    int apart = Math.max(1, steps / cuts());
    for (int cut = 0; cut < steps; cut += apart) {
      BatchTables tables = reopened();
      tables.write(everything(), List.of());
      List<List<ItemResult>> output = new ArrayList<>();
      MortalTables mortal = new MortalTables(tables, cut);
      assertThrows(Crash.class, () -> driver(mortal, seed, output).run());
      // A shard that was passed on but not merged is passed on again: the reader knows how many
      // items it has.
      int merged =
          new TableBatchStore(tables, BatchLimits.defaults())
              .batch(BatchDriver.job(seed))
              .map(BatchRecord::shardsMerged)
              .orElse(0);
      output.subList(merged, output.size()).clear();

      BatchTables again = reopened();
      driver(again, seed, output).run();

      assertEquals(expected, end(again, seed), "cut after step " + cut + " of " + steps);
      assertEquals(whole, output, "cut after step " + cut + " of " + steps);
    }
  }

  private static List<BatchTables.Removal> everything() {
    byte[] last = new byte[64];
    Arrays.fill(last, (byte) 0xff);
    List<BatchTables.Removal> removals = new ArrayList<>();
    for (BatchTables.Table table : BatchTables.Table.values()) {
      removals.add(new BatchTables.Removal(table, new byte[0], last));
    }
    return removals;
  }

  private BatchLedger withShard(BatchStore store, long seed, int items) {
    BatchLedger ledger =
        BatchLedger.accept(store, BatchDriver.CLOCK, 3, BatchDriver.terms(seed, 0), 0, 0);
    ledger.receive(0, LongStream.range(0, items).mapToObj(BatchDriver::item).toList());
    ledger.cut(
        2,
        List.of(new TestItem(1, BatchDriver.item(99), BatchDriver.answer(BatchDriver.item(99)))),
        Hash.parse("11".repeat(32)),
        6);
    return ledger;
  }

  private static void settle(BatchLedger ledger, int number) {
    ShardRecord shard = ledger.shard(number).orElseThrow();
    List<ItemResult> results = ledger.contents(shard).stream().map(BatchDriver::answer).toList();
    for (int attempt = 0; attempt < 2; attempt++) {
      ledger.assign(BatchDriver.assignment(shard, attempt));
    }
    for (int attempt = 0; attempt < 2; attempt++) {
      ledger.commit(BatchDriver.commitment(shard, attempt));
    }
    ledger.closeCommitments(shard.id());
    for (int attempt = 0; attempt < 2; attempt++) {
      ledger.reveal(BatchDriver.reveal(shard, attempt), results);
    }
    ledger.closeReveals(shard.id());
    ledger.settle(shard.id(), 0, Map.of(0, ReplicaVerdict.AGREED, 1, ReplicaVerdict.AGREED));
  }

  @Test
  void mixesTestsIntoShardsAndTakesThemOutOfResults() {
    BatchLedger ledger = withShard(store(), 1, 4);
    ShardRecord shard = ledger.shard(0).orElseThrow();

    assertEquals(
        List.of(BatchDriver.item(0), BatchDriver.item(99), BatchDriver.item(1)),
        ledger.contents(shard));
    assertEquals(List.of(BatchDriver.item(2), BatchDriver.item(3)), ledger.uncut(10));
    settle(ledger, 0);
    assertEquals(
        List.of(BatchDriver.answer(BatchDriver.item(0)), BatchDriver.answer(BatchDriver.item(1))),
        ledger.ownResults(ledger.shard(0).orElseThrow()));
    assertEquals(10, ledger.batch().price());
  }

  @Test
  void takesNothingTwice() {
    BatchStore store = store();
    BatchLedger ledger = withShard(store, 1, 2);
    assertFalse(ledger.receive(0, List.of(BatchDriver.item(0), BatchDriver.item(1))));
    assertTrue(ledger.receive(1, List.of(BatchDriver.item(1), BatchDriver.item(2))));
    assertEquals(3, ledger.batch().itemsReceived());
    settle(ledger, 0);
    BatchRecord before = ledger.batch();
    ShardRecord shard = ledger.shard(0).orElseThrow();

    assertFalse(ledger.commit(BatchDriver.commitment(shard, 1)));
    assertFalse(ledger.reveal(BatchDriver.reveal(shard, 1), List.of()));
    assertFalse(ledger.settle(shard.id(), 0, Map.of(0, ReplicaVerdict.AGREED)));
    assertEquals(before, ledger.batch());
    assertTrue(ledger.merge(shard.id()));
    assertFalse(ledger.merge(shard.id()));
    assertEquals(2, ledger.batch().itemsMerged());
    BatchLedger again =
        BatchLedger.open(store, BatchDriver.CLOCK, 3, BatchDriver.job(1)).orElseThrow();
    assertFalse(again.merge(shard.id()));
    assertThrows(
        IllegalStepException.class,
        () -> BatchLedger.accept(store, BatchDriver.CLOCK, 3, BatchDriver.terms(1, 0), 0, 0));
  }

  @Test
  void refusesStepsThatMustNotFollowAndChangesNothing() {
    BatchStore store = store();
    BatchLedger ledger = withShard(store, 1, 3);
    ShardId id = new ShardId(BatchDriver.job(1), 0);
    ShardRecord shard = ledger.shard(0).orElseThrow();
    Hash input = shard.input();
    List<ItemResult> results = ledger.contents(shard).stream().map(BatchDriver::answer).toList();

    refused("OPEN", () -> ledger.commit(BatchDriver.commitment(shard, 0)));
    refused("OPEN", () -> ledger.closeCommitments(id));
    refused("OPEN", () -> ledger.merge(id));
    refused("gap", () -> ledger.receive(9, List.of(BatchDriver.item(9))));
    refused("cut 2 of 1 items", () -> ledger.cut(2, List.of(), input, 4));
    refused("complete", ledger::complete);
    ledger.assign(BatchDriver.assignment(shard, 0));
    refused("attempt 0", () -> ledger.assign(BatchDriver.assignment(shard, 0)));
    refused("without any", () -> ledger.closeCommitments(id));
    refused("take a reveal", () -> ledger.reveal(BatchDriver.reveal(shard, 0), results));
    ledger.assign(BatchDriver.assignment(shard, 1));
    ledger.commit(BatchDriver.commitment(shard, 0));
    refused("COMMITTED", () -> ledger.commit(BatchDriver.commitment(id, 0, input, 1)));
    ledger.closeCommitments(id);
    refused("take a commitment", () -> ledger.commit(BatchDriver.commitment(shard, 1)));
    refused("LOST", () -> ledger.reveal(BatchDriver.reveal(shard, 1), results));
    ledger.reveal(BatchDriver.reveal(shard, 0), results.subList(0, 2));
    ledger.closeReveals(id);
    refused("3 items", () -> ledger.settle(id, 0, Map.of(0, ReplicaVerdict.AGREED)));
    refused("attempt 1", () -> ledger.settle(id, 1, Map.of(1, ReplicaVerdict.AGREED)));
    refused("attempt 0", () -> ledger.settle(id, 0, Map.of(0, ReplicaVerdict.OUTVOTED)));
    ledger.escalate(id);
    assertEquals(2, ledger.shard(0).orElseThrow().closedAttempts());
    ledger.assign(BatchDriver.assignment(shard, 2));
    assertEquals(1, ledger.shard(0).orElseThrow().closedAttempts(), "one was let go, uncommitted");
    refused(
        "shard 1",
        () -> {
          ledger.cut(1, List.of(), input, 2);
          ledger.merge(new ShardId(BatchDriver.job(1), 1));
        },
        "before shard 0");
    ledger.stop(BatchState.CANCELLED, "no longer needed");
    refused("CANCELLED", () -> ledger.lose(id, 2, Optional.empty()));
    refused("CANCELLED", () -> ledger.stop(BatchState.FAILED, ""));
    refused("CANCELLED", () -> ledger.receive(3, List.of(BatchDriver.item(3))));
    assertEquals(
        ledger.batch(),
        BatchLedger.open(store, BatchDriver.CLOCK, 3, BatchDriver.job(1)).orElseThrow().batch());
    assertEquals(Optional.of(ledger.shard(0).orElseThrow()), store.shard(id));
  }

  private static void refused(String name, Runnable step, String... more) {
    IllegalStepException error = assertThrows(IllegalStepException.class, step::run);
    for (String part : more.length == 0 ? new String[] {name} : more) {
      assertTrue(error.getMessage().contains(part), error.getMessage());
    }
  }

  @Test
  void keepsFewShardsInMemory() {
    BatchLedger ledger =
        BatchLedger.accept(store(), BatchDriver.CLOCK, 3, BatchDriver.terms(1, 0), 0, 0);
    ledger.receive(0, LongStream.range(0, 9).mapToObj(BatchDriver::item).toList());
    Hash input = Hash.parse("11".repeat(32));
    for (int i = 0; i < 3; i++) {
      ledger.cut(1, List.of(), input, 2);
    }

    assertEquals(0, ledger.room());
    refused("3 open shards", () -> ledger.cut(1, List.of(), input, 2));
    settle(ledger, 0);
    ledger.merge(new ShardId(BatchDriver.job(1), 0));
    assertEquals(1, ledger.room());
    assertEquals(2, ledger.shards().size());
  }

  @Test
  void goesOnAtAnotherAggregatorWithWhatIsMerged() {
    // The client has 2 items in one shard from its first aggregator, which goes away.
    BatchLedger client =
        BatchLedger.accept(store(), BatchDriver.CLOCK, 3, BatchDriver.terms(1, 0), 0, 0);
    BatchLedger first = withShard(memory(), 1, 4);
    settle(first, 0);
    ShardRecord shard = first.shard(0).orElseThrow();
    assertTrue(client.adopt(shard, first.results(shard.id(), 0)));
    assertFalse(client.adopt(shard, first.results(shard.id(), 0)));
    assertEquals(2, client.ownResults(shard).size());
    client.merge(shard.id());

    client.handOver(BatchDriver.terms(1, 1));
    refused("other terms", () -> client.handOver(BatchDriver.terms(1, 1)));
    BatchLedger second =
        BatchLedger.accept(
            memory(),
            BatchDriver.CLOCK,
            3,
            BatchDriver.terms(1, 1),
            client.batch().itemsMerged(),
            client.batch().shardsMerged());
    assertFalse(second.receive(0, List.of(BatchDriver.item(0), BatchDriver.item(1))));
    second.receive(2, List.of(BatchDriver.item(2), BatchDriver.item(3)));
    second.end(4);
    ShardRecord rest = second.cut(2, List.of(), Hash.parse("22".repeat(32)), 4);
    assertEquals(1, rest.id().number());
    settle(second, 1);

    rest = second.shard(1).orElseThrow();
    assertTrue(client.adopt(rest, second.results(rest.id(), 0)));
    client.end(4);
    client.merge(rest.id());
    client.complete();
    assertEquals(BatchState.COMPLETED, client.batch().state());
    assertEquals(4, client.batch().itemsMerged());
  }

  private static BatchStore memory() {
    return new TableBatchStore(new MemoryBatchTables(), BatchLimits.defaults());
  }

  @Test
  void endsPartialWhereAShardWasGivenUp() {
    BatchLedger ledger = withShard(store(), 1, 2);
    ledger.end(2);
    ShardId id = new ShardId(BatchDriver.job(1), 0);
    ledger.fail(id, "nobody does it", Map.of());
    assertEquals(ShardState.FAILED, ledger.shard(0).orElseThrow().state());
    ledger.merge(id);
    ledger.complete();

    assertEquals(BatchState.PARTIAL, ledger.batch().state());
    assertEquals("1 of 1 shards failed", ledger.batch().reason());
  }

  @Test
  void goesOnWithWorkWhereItWas() {
    BatchLedger ledger = withShard(memory(), 1, 2);
    ShardRecord shard = ledger.shard(0).orElseThrow();
    WorkLedger work =
        WorkLedger.accept(
            store(), BatchDriver.CLOCK, BatchDriver.assignment(shard, 0), ledger.contents(shard));
    List<ItemResult> results = ledger.contents(shard).stream().map(BatchDriver::answer).toList();
    work.add(0, results.subList(0, 2));

    BatchStore after = new TableBatchStore(reopened(), BatchLimits.defaults());
    WorkLedger again = WorkLedger.open(after, BatchDriver.CLOCK, shard.id(), 0).orElseThrow();
    assertEquals(2, again.done());
    assertEquals(ledger.contents(shard), again.items());
    refused(
        "2 results",
        () -> again.commit(BatchDriver.commitment(shard, 0), BatchDriver.reveal(shard, 0)));
    refused("2 results", () -> again.add(0, results));
    again.add(2, results.subList(2, 3));
    refused("ACCEPTED", again::reveal);
    assertTrue(again.commit(BatchDriver.commitment(shard, 0), BatchDriver.reveal(shard, 0)));
    assertFalse(again.commit(BatchDriver.commitment(shard, 0), BatchDriver.reveal(shard, 0)));
    refused(
        "COMMITTED",
        () ->
            again.commit(
                BatchDriver.commitment(shard.id(), 0, shard.input(), 1),
                BatchDriver.reveal(shard, 0)));
    assertEquals(results, again.results());
    assertTrue(again.reveal());
    assertFalse(again.reveal());
    assertTrue(
        again.judge(
            BatchDriver.CODEC.sign(
                new Verdict(
                    shard.id(),
                    0,
                    again.work().assignment().statement().worker(),
                    again.work().assignment().statement().aggregator(),
                    ReplicaVerdict.AGREED,
                    shard.input(),
                    Optional.empty()),
                TestIdentities.privateKey(0))));
    assertFalse(again.cancel("too late"));
    assertEquals(List.of(), again.results(), "what nobody needs is dropped");
    assertEquals(WorkState.JUDGED, after.work(shard.id(), 0).orElseThrow().state());
  }

  @Test
  void forgetsTheOldestThatIsOver() {
    BatchStore store = store();
    for (int n = 1; n <= 4; n++) {
      Clock clock = Clock.offset(BatchDriver.CLOCK, Duration.ofSeconds(n));
      BatchLedger ledger = BatchLedger.accept(store, clock, 3, BatchDriver.terms(n, 0), 0, 0);
      ledger.receive(
          0, List.of(new ShardItem(TokenIds.of(1), 0), new ShardItem(TokenIds.of(2), 0)));
      if (n != 2) {
        ledger.stop(BatchState.FAILED, "nobody serves the model");
      }
    }

    assertEquals(2, new BatchRetention(1, 1, Duration.ZERO).prune(store, BatchDriver.NOW));
    assertEquals(Optional.empty(), store.batch(BatchDriver.job(1)));
    assertEquals(List.of(), store.items(BatchDriver.job(1), 0, 10));
    assertTrue(store.batch(BatchDriver.job(2)).isPresent(), "it is not over");
    assertEquals(2, store.items(BatchDriver.job(2), 0, 10).size());
    assertTrue(store.batch(BatchDriver.job(4)).isPresent());
    assertEquals(2, store.batches().size());
    assertEquals(0, new BatchRetention(1, 1, Duration.ZERO).prune(store, BatchDriver.NOW));
  }

  @Test
  void keepsResultsOfEveryKind() {
    BatchStore store = store();
    ShardId shard = new ShardId(BatchDriver.job(1), 3);
    List<ItemResult> results =
        List.of(
            new ItemResult.Generated(TokenIds.of(1, 2), AnswerEnd.LENGTH),
            new ItemResult.Embedded(new float[] {0.5f, -1}),
            new ItemResult.Classified(1, new float[] {0.1f, 0.9f}),
            new ItemResult.Failed("too long"));

    store.write(
        List.of(
            new BatchChange.AddResults(shard, 0, results),
            new BatchChange.AddResults(shard, 1, results.subList(1, 2))));

    assertEquals(results, store.results(shard, 0));
    assertEquals(results.subList(1, 2), store.results(shard, 1));
    assertEquals(List.of(), store.results(shard, 2));
    assertEquals(List.of(), store.results(new ShardId(BatchDriver.job(1), 4), 0));
  }
}
