package io.infernet.node.batch.store;

import static java.util.Objects.requireNonNull;

import io.infernet.verification.batch.Assignment;
import io.infernet.verification.batch.IllegalStepException;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.Reveal;
import io.infernet.verification.batch.ShardCommitment;
import io.infernet.verification.batch.ShardId;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.ShardReceipt;
import io.infernet.verification.batch.Signed;
import io.infernet.verification.batch.Verdict;
import io.infernet.verification.batch.WorkRecord;
import io.infernet.verification.batch.WorkState;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One assignment as its worker keeps it. Every method that changes something is one step: checked,
 * then on the disk, then visible; when it returns, it may be promised. A step that must not follow
 * throws {@link IllegalStepException} and changes nothing; one that was taken before is not taken
 * again, and says {@code false}. One thread at a time.
 */
public final class WorkLedger {

  private final BatchStore store;
  private final Clock clock;
  private WorkRecord work;
  private int done;

  private WorkLedger(BatchStore store, Clock clock, WorkRecord work, int done) {
    this.store = requireNonNull(store, "store is null");
    this.clock = requireNonNull(clock, "clock is null");
    this.work = requireNonNull(work, "work is null");
    this.done = done;
  }

  /**
   * Takes work.
   *
   * @param items all of them
   * @throws IllegalStepException when it has an assignment with that shard and attempt already
   */
  public static WorkLedger accept(
      BatchStore store, Clock clock, Signed<Assignment> assignment, List<ShardItem> items) {
    WorkRecord work = WorkRecord.accepted(assignment, clock.instant());
    if (store.work(work.shard(), work.attempt()).isPresent()) {
      throw new IllegalStepException(work + " is there already");
    }
    if (items.size() != assignment.statement().items()) {
      throw new IllegalStepException(
          work + " has " + assignment.statement().items() + " items, not " + items.size());
    }
    WorkLedger ledger = new WorkLedger(store, clock, work, 0);
    store.write(
        List.of(
            new BatchChange.AddWorkItems(work.shard(), work.attempt(), items),
            new BatchChange.SetWork(work)));
    return ledger;
  }

  /** Work that is in the store, as it was after the last step that got there. */
  public static Optional<WorkLedger> open(
      BatchStore store, Clock clock, ShardId shard, int attempt) {
    return store
        .work(shard, attempt)
        .map(work -> new WorkLedger(store, clock, work, store.workResults(shard, attempt).size()));
  }

  public WorkRecord work() {
    return work;
  }

  /** Items whose results are there, from the first on. */
  public int done() {
    return done;
  }

  public List<ShardItem> items() {
    return store.workItems(work.shard(), work.attempt());
  }

  public List<ItemResult> results() {
    return store.workResults(work.shard(), work.attempt());
  }

  /**
   * More items are done, in their order: after a crash they need not be done again.
   *
   * @param offset items done before them
   */
  public void add(int offset, List<ItemResult> results) {
    if (work.state() != WorkState.ACCEPTED
        || offset != done
        || results.size() > work.assignment().statement().items() - done) {
      throw new IllegalStepException(
          work + " is " + work.state() + " with " + done + " results and cannot take more");
    }
    store.write(
        List.of(new BatchChange.AddWorkResults(work.shard(), work.attempt(), done, results)));
    done += results.size();
  }

  /**
   * All items are done: this is what will be said of them, and nothing else ever.
   *
   * @return whether that was not decided before
   */
  public boolean commit(Signed<ShardCommitment> commitment, Signed<Reveal> reveal) {
    if (work.commitment().isPresent()
        && work.commitment().get().statement().equals(commitment.statement())) {
      return false;
    }
    if (done != work.assignment().statement().items()) {
      throw new IllegalStepException(work + " has " + done + " results and cannot commit");
    }
    take(work.committed(commitment, reveal, clock.instant()));
    return true;
  }

  /** The results may be seen. */
  public boolean reveal() {
    if (work.state() == WorkState.REVEALED || work.state() == WorkState.JUDGED) {
      return false;
    }
    take(work.revealed(clock.instant()));
    return true;
  }

  /** The aggregator has judged: the contents are needed no more. */
  public boolean judge(Signed<Verdict> verdict) {
    if (work.state() == WorkState.JUDGED) {
      return false;
    }
    end(work.judged(verdict, clock.instant()));
    return true;
  }

  /** The client has accepted the results. */
  public boolean receive(Signed<ShardReceipt> receipt) {
    if (work.receipt().isPresent()) {
      return false;
    }
    take(work.receipted(receipt, clock.instant()));
    return true;
  }

  /** Nobody needs it any more. */
  public boolean cancel(String reason) {
    if (work.state().isFinal()) {
      return false;
    }
    end(work.cancelled(reason, clock.instant()));
    return true;
  }

  /** It cannot be done. */
  public boolean fail(String reason) {
    if (work.state().isFinal()) {
      return false;
    }
    end(work.failed(reason, clock.instant()));
    return true;
  }

  private void take(WorkRecord next) {
    store.write(List.of(new BatchChange.SetWork(next)));
    work = next;
  }

  private void end(WorkRecord next) {
    List<BatchChange> step = new ArrayList<>();
    step.add(new BatchChange.DropWorkContents(next.shard(), next.attempt()));
    step.add(new BatchChange.SetWork(next));
    store.write(step);
    work = next;
  }
}
