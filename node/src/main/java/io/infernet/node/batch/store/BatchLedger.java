package io.infernet.node.batch.store;

import static java.util.Objects.requireNonNull;

import io.infernet.verification.batch.Assignment;
import io.infernet.verification.batch.BatchRecord;
import io.infernet.verification.batch.BatchState;
import io.infernet.verification.batch.BatchTerms;
import io.infernet.verification.batch.IllegalStepException;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ReplicaState;
import io.infernet.verification.batch.ReplicaVerdict;
import io.infernet.verification.batch.Reveal;
import io.infernet.verification.batch.ShardCommitment;
import io.infernet.verification.batch.ShardId;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.ShardRecord;
import io.infernet.verification.batch.ShardState;
import io.infernet.verification.batch.Signed;
import io.infernet.verification.batch.TestItem;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One batch as its aggregator keeps it, and as its client does. Every method that changes something
 * is one step: checked, then on the disk, then visible; when it returns, it may be promised. A step
 * that must not follow throws {@link IllegalStepException} and changes nothing; one that was taken
 * before is not taken again, and says {@code false}.
 *
 * <p>In memory are the shards between the first that is not merged and the last that is cut, at
 * most {@code maxOpenShards}; items and results are in the store alone. One thread at a time. After
 * an exception of the store the ledger must be {@linkplain #open opened} again, because nobody
 * knows how far the disk is.
 */
public final class BatchLedger {

  private final BatchStore store;
  private final Clock clock;
  private final int maxOpenShards;
  private final NavigableMap<Integer, ShardRecord> shards = new TreeMap<>();
  private BatchRecord batch;

  private BatchLedger(BatchStore store, Clock clock, int maxOpenShards, BatchRecord batch) {
    this.store = requireNonNull(store, "store is null");
    this.clock = requireNonNull(clock, "clock is null");
    this.maxOpenShards = maxOpenShards;
    this.batch = requireNonNull(batch, "batch is null");
    if (maxOpenShards < 1) {
      throw new IllegalArgumentException("maxOpenShards is below 1: " + maxOpenShards);
    }
  }

  /**
   * Agrees to terms.
   *
   * @param mergedItems items whose results the client has from an earlier aggregator, else 0
   * @param usedShards in how many shards, else 0
   * @param maxOpenShards shards that may be cut and not merged
   * @throws IllegalStepException when the batch is there already
   */
  public static BatchLedger accept(
      BatchStore store,
      Clock clock,
      int maxOpenShards,
      Signed<BatchTerms> terms,
      long mergedItems,
      int usedShards) {
    BatchRecord batch = BatchRecord.resumed(terms, mergedItems, usedShards, clock.instant());
    if (store.batch(batch.job()).isPresent()) {
      throw new IllegalStepException(batch + " is there already");
    }
    BatchLedger ledger = new BatchLedger(store, clock, maxOpenShards, batch);
    store.write(List.of(new BatchChange.SetBatch(batch)));
    return ledger;
  }

  /** A batch that is in the store, as it was after the last step that got there. */
  public static Optional<BatchLedger> open(
      BatchStore store, Clock clock, int maxOpenShards, JobId job) {
    return store
        .batch(job)
        .map(
            batch -> {
              BatchLedger ledger = new BatchLedger(store, clock, maxOpenShards, batch);
              for (ShardRecord shard :
                  store.shards(
                      job, batch.shardsMerged(), batch.shardsCut() - batch.shardsMerged())) {
                ledger.shards.put(shard.id().number(), shard);
              }
              return ledger;
            });
  }

  public BatchRecord batch() {
    return batch;
  }

  /** The shards that are cut and not merged, by number. */
  public Collection<ShardRecord> shards() {
    return Collections.unmodifiableCollection(shards.values());
  }

  /** A shard that is cut and not merged. */
  public Optional<ShardRecord> shard(int number) {
    return Optional.ofNullable(shards.get(number));
  }

  /** How many more shards may be cut before one is merged. */
  public int room() {
    return Math.max(0, maxOpenShards - shards.size());
  }

  /** At most {@code limit} items that are in no shard yet. */
  public List<ShardItem> uncut(int limit) {
    return store.items(
        batch.job(),
        batch.itemsCut(),
        (int) Math.min(limit, batch.itemsReceived() - batch.itemsCut()));
  }

  /** All items of a shard in the order in which workers get them, tests among them. */
  public List<ShardItem> contents(ShardRecord shard) {
    List<ShardItem> own = store.items(batch.job(), shard.firstItem(), shard.items());
    List<ShardItem> all = new ArrayList<>(shard.size());
    int next = 0;
    for (TestItem test : shard.tests()) {
      while (all.size() < test.position()) {
        all.add(own.get(next++));
      }
      all.add(test.item());
    }
    all.addAll(own.subList(next, own.size()));
    return all;
  }

  /** What an attempt at a shard has revealed, tests among them. */
  public List<ItemResult> results(ShardId shard, int attempt) {
    return store.results(shard, attempt);
  }

  /**
   * The results of a settled shard without those of its tests: one for each of the batch's items in
   * it.
   */
  public List<ItemResult> ownResults(ShardRecord shard) {
    List<ItemResult> all = new ArrayList<>(store.results(shard.id(), shard.winner().orElseThrow()));
    for (int i = shard.tests().size() - 1; i >= 0; i--) {
      all.remove(shard.tests().get(i).position());
    }
    return all;
  }

  /**
   * More items have come.
   *
   * @param offset items before them; those that are there already are left out
   * @return whether there was any new one
   */
  public boolean receive(long offset, List<ShardItem> items) {
    long known = batch.itemsReceived() - offset;
    if (known < 0) {
      throw new IllegalStepException(batch + " has a gap before item " + offset);
    }
    if (known >= items.size()) {
      return false;
    }
    List<ShardItem> more = items.subList((int) known, items.size());
    BatchRecord next = batch.received(more.size(), now());
    take(
        next,
        new BatchChange.AddItems(batch.job(), batch.itemsReceived(), more),
        new BatchChange.SetBatch(next));
    return true;
  }

  /** The client has said how many items there are. */
  public boolean end(long total) {
    if (batch.itemsTotal().isPresent() && batch.itemsTotal().getAsLong() == total) {
      return false;
    }
    BatchRecord next = batch.ended(total, now());
    take(next, new BatchChange.SetBatch(next));
    return true;
  }

  /**
   * Cuts the next items into a shard.
   *
   * @param items how many of the batch's items
   * @param tests items with known answers, at their positions in the shard, ascending
   * @param input digest of all of them
   * @param inputTokens tokens of all of them
   */
  public ShardRecord cut(int items, List<TestItem> tests, Hash input, int inputTokens) {
    if (room() == 0) {
      throw new IllegalStepException(batch + " has " + shards.size() + " open shards");
    }
    ShardRecord shard =
        ShardRecord.open(
            new ShardId(batch.job(), batch.shardsCut()),
            batch.itemsCut(),
            items,
            tests,
            input,
            inputTokens);
    BatchRecord next = batch.cut(items, now());
    take(next, shard);
    return shard;
  }

  /** A worker gets a shard. */
  public ShardRecord assign(Signed<Assignment> assignment) {
    ShardRecord shard = known(assignment.statement().shard());
    return take(shard.assigned(assignment));
  }

  /**
   * A worker has committed.
   *
   * @return whether it had not before
   * @throws IllegalStepException also when it had committed to something else
   */
  public boolean commit(Signed<ShardCommitment> commitment) {
    ShardCommitment said = commitment.statement();
    ShardRecord shard = known(said.shard());
    boolean again =
        shard
            .replica(said.attempt())
            .flatMap(replica -> replica.commitment())
            .map(before -> before.statement().equals(said))
            .orElse(false);
    if (!again) {
      take(shard.committed(commitment));
    }
    return !again;
  }

  /**
   * A worker refused, was released, failed or was too late.
   *
   * @param blame {@code SILENT} or {@code NO_REVEAL} when its time was up; empty when it goes
   *     without blame
   */
  public ShardRecord lose(ShardId id, int attempt, Optional<ReplicaVerdict> blame) {
    return take(known(id).lost(attempt, blame));
  }

  /** All workers of a shard are lost and none has committed: others may have it. */
  public ShardRecord reopen(ShardId id) {
    return take(known(id).reopened());
  }

  /** No more commitments are taken; from now on workers may be asked to reveal. */
  public ShardRecord closeCommitments(ShardId id) {
    return take(known(id).commitmentsClosed());
  }

  /**
   * A worker has revealed. Whether that opens its commitment is for whoever judges: a false reveal
   * is kept as well.
   *
   * @param results all that it showed, tests among them
   * @return whether it had not before
   * @throws IllegalStepException also when it had revealed something else
   */
  public boolean reveal(Signed<Reveal> reveal, List<ItemResult> results) {
    Reveal said = reveal.statement();
    ShardRecord shard = known(said.shard());
    boolean again =
        shard
            .replica(said.attempt())
            .flatMap(replica -> replica.reveal())
            .map(before -> before.statement().equals(said))
            .orElse(false);
    if (again) {
      return false;
    }
    ShardRecord next = shard.revealed(reveal);
    store.write(
        List.of(
            new BatchChange.AddResults(said.shard(), said.attempt(), results),
            new BatchChange.SetShard(next)));
    shards.put(next.id().number(), next);
    return true;
  }

  /** No more reveals are taken: what there is can be compared. */
  public ShardRecord closeReveals(ShardId id) {
    return take(known(id).revealsClosed());
  }

  /** More replicas are needed. */
  public ShardRecord escalate(ShardId id) {
    return take(known(id).escalated());
  }

  /**
   * The results of a shard are known.
   *
   * @param attempt whose results they are
   * @param verdicts one for each attempt; those that agreed are paid
   * @return whether they were not before
   */
  public boolean settle(ShardId id, int attempt, Map<Integer, ReplicaVerdict> verdicts) {
    ShardRecord shard = known(id);
    if (shard.state() == ShardState.SETTLED && shard.winner().orElseThrow() == attempt) {
      return false;
    }
    ShardRecord settled = shard.settled(attempt, verdicts);
    int results = store.results(id, attempt).size();
    if (results != shard.size()) {
      throw new IllegalStepException(
          shard + " has " + shard.size() + " items and cannot settle with " + results);
    }
    BatchRecord next = counting(batch, settled);
    take(next, settled);
    return true;
  }

  private BatchRecord counting(BatchRecord before, ShardRecord settled) {
    long tokens = 0;
    long price = 0;
    for (var replica : settled.replicas()) {
      if (replica.verdict().equals(Optional.of(ReplicaVerdict.AGREED))
          && replica.state() == ReplicaState.REVEALED) {
        Reveal reveal = replica.reveal().orElseThrow().statement();
        tokens = Math.addExact(tokens, Math.addExact(reveal.inputTokens(), reveal.outputTokens()));
        price = Math.addExact(price, reveal.price());
      }
    }
    return before.settled(tokens, price, now());
  }

  /** A shard is given up; its items stay without results. */
  public ShardRecord fail(ShardId id, String reason, Map<Integer, ReplicaVerdict> verdicts) {
    ShardRecord failed = known(id).failed(reason, verdicts);
    take(batch.shardFailed(now()), failed);
    return failed;
  }

  /**
   * The next shard in order has reached its reader for good: its items and results are dropped. A
   * shard can be merged once.
   *
   * @return whether it was not merged before
   */
  public boolean merge(ShardId id) {
    if (!id.job().equals(batch.job())) {
      throw new IllegalStepException(batch + " does not have shard " + id);
    }
    if (id.number() < batch.shardsMerged()) {
      return false;
    }
    if (id.number() > batch.shardsMerged()) {
      throw new IllegalStepException(
          "shard " + id + " cannot be merged before shard " + batch.shardsMerged());
    }
    ShardRecord shard = known(id);
    if (!shard.state().isFinal()) {
      throw new IllegalStepException(shard + " is " + shard.state() + " and cannot be merged");
    }
    BatchRecord next = batch.merged(shard.items(), now());
    store.write(List.of(new BatchChange.DropContents(shard), new BatchChange.SetBatch(next)));
    batch = next;
    shards.remove(id.number());
    return true;
  }

  /**
   * At a client whose aggregator is another: a shard has come, checked. Shards come in order.
   *
   * @param shard settled or failed, its items those after the last shard's
   * @param results of its winner, tests among them; empty when it failed
   * @return whether it is new
   */
  public boolean adopt(ShardRecord shard, List<ItemResult> results) {
    if (shard.id().job().equals(batch.job()) && shard.id().number() < batch.shardsCut()) {
      return false;
    }
    boolean settled = shard.state() == ShardState.SETTLED;
    if (!shard.id().equals(new ShardId(batch.job(), batch.shardsCut()))
        || shard.firstItem() != batch.itemsCut()
        || !shard.state().isFinal()
        || results.size() != (settled ? shard.size() : 0)
        || room() == 0) {
      throw new IllegalStepException(batch + " cannot adopt " + shard + " now");
    }
    BatchRecord next = batch;
    long missing = shard.firstItem() + shard.items() - batch.itemsReceived();
    if (missing > 0) {
      next = next.received(Math.toIntExact(missing), now());
    }
    next = next.cut(shard.items(), now());
    next = settled ? counting(next, shard) : next.shardFailed(now());
    List<BatchChange> step = new ArrayList<>();
    shard
        .winner()
        .ifPresent(winner -> step.add(new BatchChange.AddResults(shard.id(), winner, results)));
    step.add(new BatchChange.SetShard(shard));
    step.add(new BatchChange.SetBatch(next));
    store.write(step);
    batch = next;
    shards.put(shard.id().number(), shard);
    return true;
  }

  /** At a client: another aggregator goes on. */
  public void handOver(Signed<BatchTerms> terms) {
    BatchRecord next = batch.handedOver(terms, now());
    take(next, new BatchChange.SetBatch(next));
  }

  /** Everything is merged. */
  public void complete() {
    BatchRecord next = batch.completed(now());
    take(next, new BatchChange.SetBatch(next));
  }

  /**
   * It ends before everything is merged.
   *
   * @param state {@code PARTIAL}, {@code CANCELLED} or {@code FAILED}
   * @param reason for a person, one line
   */
  public void stop(BatchState state, String reason) {
    if (state == BatchState.COMPLETED) {
      throw new IllegalStepException(batch + " is complete when everything is merged");
    }
    BatchRecord next = batch.to(state, reason, now());
    take(next, new BatchChange.SetBatch(next));
  }

  private Instant now() {
    return clock.instant();
  }

  private ShardRecord known(ShardId id) {
    ShardRecord shard = id.job().equals(batch.job()) ? shards.get(id.number()) : null;
    if (shard == null) {
      throw new IllegalStepException(batch + " does not have shard " + id + " open");
    }
    if (batch.state().isFinal()) {
      throw new IllegalStepException(batch + " is " + batch.state());
    }
    return shard;
  }

  private void take(BatchRecord next, BatchChange... step) {
    store.write(List.of(step));
    batch = next;
  }

  private void take(BatchRecord next, ShardRecord shard) {
    store.write(List.of(new BatchChange.SetShard(shard), new BatchChange.SetBatch(next)));
    batch = next;
    shards.put(shard.id().number(), shard);
  }

  private ShardRecord take(ShardRecord shard) {
    store.write(List.of(new BatchChange.SetShard(shard)));
    shards.put(shard.id().number(), shard);
    return shard;
  }

  /** How many attempts of each open shard are at which state, for those who look for a fault. */
  @Override
  public String toString() {
    Map<ShardState, Integer> counts = new HashMap<>();
    shards.values().forEach(shard -> counts.merge(shard.state(), 1, Integer::sum));
    return batch + " " + new TreeMap<>(counts);
  }
}
