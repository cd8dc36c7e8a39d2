package io.infernet.node.batch.store;

import static java.util.Objects.requireNonNull;

import io.infernet.verification.batch.BatchRecord;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ShardId;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.ShardRecord;
import io.infernet.verification.batch.WorkRecord;
import io.infernet.verification.commitment.JobId;
import java.util.List;

/** A part of a step: something that the store will know from then on, or no longer. */
public sealed interface BatchChange {

  /** How far a batch is now. */
  record SetBatch(BatchRecord batch) implements BatchChange {
    public SetBatch {
      requireNonNull(batch, "batch is null");
    }
  }

  /**
   * Items of a batch.
   *
   * @param offset items before them
   */
  record AddItems(JobId job, long offset, List<ShardItem> items) implements BatchChange {
    public AddItems {
      requireNonNull(job, "job is null");
      items = List.copyOf(items);
    }
  }

  /** How far a shard is now. */
  record SetShard(ShardRecord shard) implements BatchChange {
    public SetShard {
      requireNonNull(shard, "shard is null");
    }
  }

  /** All results of one attempt at a shard, tests among them. */
  record AddResults(ShardId shard, int attempt, List<ItemResult> results) implements BatchChange {
    public AddResults {
      requireNonNull(shard, "shard is null");
      results = List.copyOf(results);
    }
  }

  /**
   * The items and results of a shard are needed no more; what was said about it stays.
   *
   * @param shard as it is
   */
  record DropContents(ShardRecord shard) implements BatchChange {
    public DropContents {
      requireNonNull(shard, "shard is null");
    }
  }

  /** Nothing of a batch is needed any more. */
  record ForgetBatch(JobId job) implements BatchChange {
    public ForgetBatch {
      requireNonNull(job, "job is null");
    }
  }

  /** How far an assignment is now. */
  record SetWork(WorkRecord work) implements BatchChange {
    public SetWork {
      requireNonNull(work, "work is null");
    }
  }

  /** All items of an assignment. */
  record AddWorkItems(ShardId shard, int attempt, List<ShardItem> items) implements BatchChange {
    public AddWorkItems {
      requireNonNull(shard, "shard is null");
      items = List.copyOf(items);
    }
  }

  /** Results for an assignment: all before the offset are there already. */
  record AddWorkResults(ShardId shard, int attempt, int offset, List<ItemResult> results)
      implements BatchChange {
    public AddWorkResults {
      requireNonNull(shard, "shard is null");
      results = List.copyOf(results);
    }
  }

  /** The items and results of an assignment are needed no more; what was said about it stays. */
  record DropWorkContents(ShardId shard, int attempt) implements BatchChange {
    public DropWorkContents {
      requireNonNull(shard, "shard is null");
    }
  }

  /** Nothing of an assignment is needed any more. */
  record ForgetWork(ShardId shard, int attempt) implements BatchChange {
    public ForgetWork {
      requireNonNull(shard, "shard is null");
    }
  }
}
