package io.infernet.node.batch.store;

import io.infernet.verification.batch.BatchRecord;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ShardId;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.ShardRecord;
import io.infernet.verification.batch.WorkRecord;
import io.infernet.verification.commitment.JobId;
import java.util.List;
import java.util.Optional;

/**
 * What a node remembers of batches. Safe from any thread; calls may wait for the disk. Lists that
 * could be long are read in pieces.
 */
public interface BatchStore {

  /**
   * Takes a step: all of its changes or none. They are on the disk when this returns, so that
   * whatever was promised after it holds after a crash.
   */
  void write(List<BatchChange> step);

  Optional<BatchRecord> batch(JobId job);

  /** Every batch, in no particular order: there are as many as the retention allows. */
  List<BatchRecord> batches();

  Optional<ShardRecord> shard(ShardId id);

  /** At most {@code limit} shards of a batch, ascending from the number {@code from} on. */
  List<ShardRecord> shards(JobId job, int from, int limit);

  /** At most {@code limit} items of a batch that are there, from the number {@code from} on. */
  List<ShardItem> items(JobId job, long from, int limit);

  /** The results of an attempt at a shard, tests among them; empty when there are none. */
  List<ItemResult> results(ShardId shard, int attempt);

  Optional<WorkRecord> work(ShardId shard, int attempt);

  /** Every assignment, in no particular order: there are as many as the retention allows. */
  List<WorkRecord> works();

  /** The items of an assignment; empty when there are none. */
  List<ShardItem> workItems(ShardId shard, int attempt);

  /** The results for an assignment so far. */
  List<ItemResult> workResults(ShardId shard, int attempt);
}
