package io.infernet.node.batch.store;

import io.infernet.verification.batch.BatchRecord;
import io.infernet.verification.batch.WorkRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * How much of what is over a node remembers. What is not over is never forgotten, except work whose
 * aggregator has been silent for long.
 *
 * @param maxBatches batches that are over
 * @param maxWork assignments that are over
 * @param patience how long after its last date an assignment waits for its verdict
 */
public record BatchRetention(int maxBatches, int maxWork, Duration patience) {

  public BatchRetention {
    if (maxBatches < 1 || maxWork < 1 || patience.isNegative()) {
      throw new IllegalArgumentException("a limit of the batch store is below 1");
    }
  }

  /** 100 batches, 10,000 assignments, a week: some tens of megabytes on the disk. */
  public static BatchRetention defaults() {
    return new BatchRetention(100, 10_000, Duration.ofDays(7));
  }

  /**
   * Forgets the oldest that are over, beyond the limits.
   *
   * @return how many batches and assignments were forgotten
   */
  public int prune(BatchStore store, Instant now) {
    List<BatchChange> step = new ArrayList<>();
    List<BatchRecord> batches =
        store.batches().stream()
            .filter(batch -> batch.state().isFinal())
            .sorted(
                Comparator.comparing(BatchRecord::changedAt)
                    .thenComparing(batch -> batch.job().toString()))
            .toList();
    batches.stream()
        .limit(Math.max(0, batches.size() - maxBatches))
        .forEach(batch -> step.add(new BatchChange.ForgetBatch(batch.job())));
    List<WorkRecord> works =
        store.works().stream()
            .filter(work -> work.state().isFinal() || isStale(work, now))
            .sorted(
                Comparator.comparing(WorkRecord::changedAt)
                    .thenComparing(WorkRecord::shard)
                    .thenComparing(WorkRecord::attempt))
            .toList();
    works.stream()
        .limit(Math.max(0, works.size() - maxWork))
        .forEach(work -> step.add(new BatchChange.ForgetWork(work.shard(), work.attempt())));
    if (!step.isEmpty()) {
      store.write(step);
    }
    return step.size();
  }

  private boolean isStale(WorkRecord work, Instant now) {
    return work.assignment().statement().revealBy().plus(patience).isBefore(now);
  }
}
