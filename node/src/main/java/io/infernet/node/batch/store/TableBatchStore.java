package io.infernet.node.batch.store;

import io.infernet.inference.InfernetException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.node.batch.store.BatchTables.Put;
import io.infernet.node.batch.store.BatchTables.Removal;
import io.infernet.node.batch.store.BatchTables.Table;
import io.infernet.verification.batch.BatchRecord;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ShardId;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.ShardRecord;
import io.infernet.verification.batch.WorkRecord;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.wire.BatchLimits;
import io.infernet.verification.wire.BatchRecordCodec;
import io.infernet.verification.wire.ItemCodec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A {@link BatchStore} on {@link BatchTables}: a key is the job, then the numbers that tell the
 * thing from others of its job, each in eight bytes, so that what belongs together lies together
 * and in order. Safe from any thread.
 */
public final class TableBatchStore implements BatchStore {

  private final BatchTables tables;
  private final BatchRecordCodec records;
  private final ItemCodec items;

  /**
   * @param tables where the bytes are
   * @param limits those that held when they were written, or wider ones
   */
  public TableBatchStore(BatchTables tables, BatchLimits limits) {
    this.tables = tables;
    this.records = new BatchRecordCodec(limits);
    this.items = new ItemCodec(limits);
  }

  @Override
  public void write(List<BatchChange> step) {
    List<Removal> removals = new ArrayList<>();
    List<Put> puts = new ArrayList<>();
    for (BatchChange change : step) {
      add(change, removals, puts);
    }
    tables.write(removals, puts);
  }

  private void add(BatchChange change, List<Removal> removals, List<Put> puts) {
    // Sealed, so one of these applies; Java 17 has no switch over types.
    if (change instanceof BatchChange.SetBatch set) {
      puts.add(new Put(Table.BATCHES, key(set.batch().job()), records.encode(set.batch())));
    } else if (change instanceof BatchChange.AddItems add) {
      for (int i = 0; i < add.items().size(); i++) {
        puts.add(
            new Put(
                Table.ITEMS, key(add.job(), add.offset() + i), items.encode(add.items().get(i))));
      }
    } else if (change instanceof BatchChange.SetShard set) {
      puts.add(new Put(Table.SHARDS, key(set.shard().id()), records.encode(set.shard())));
    } else if (change instanceof BatchChange.AddResults add) {
      putResults(Table.RESULTS, add.shard(), add.attempt(), 0, add.results(), puts);
    } else if (change instanceof BatchChange.DropContents drop) {
      ShardRecord shard = drop.shard();
      JobId job = shard.id().job();
      removals.add(
          new Removal(
              Table.ITEMS,
              key(job, shard.firstItem()),
              key(job, shard.firstItem() + shard.items())));
      removals.add(new Removal(Table.RESULTS, key(shard.id()), end(shard.id())));
    } else if (change instanceof BatchChange.ForgetBatch forget) {
      for (Table table : List.of(Table.BATCHES, Table.ITEMS, Table.SHARDS, Table.RESULTS)) {
        removals.add(new Removal(table, key(forget.job()), end(forget.job())));
      }
    } else if (change instanceof BatchChange.SetWork set) {
      puts.add(
          new Put(
              Table.WORK,
              key(set.work().shard(), set.work().attempt()),
              records.encode(set.work())));
    } else if (change instanceof BatchChange.AddWorkItems add) {
      for (int i = 0; i < add.items().size(); i++) {
        puts.add(
            new Put(
                Table.WORK_ITEMS,
                key(add.shard(), add.attempt(), i),
                items.encode(add.items().get(i))));
      }
    } else if (change instanceof BatchChange.AddWorkResults add) {
      putResults(Table.WORK_RESULTS, add.shard(), add.attempt(), add.offset(), add.results(), puts);
    } else if (change instanceof BatchChange.DropWorkContents drop) {
      removeWork(
          drop.shard(), drop.attempt(), List.of(Table.WORK_ITEMS, Table.WORK_RESULTS), removals);
    } else if (change instanceof BatchChange.ForgetWork forget) {
      removeWork(
          forget.shard(),
          forget.attempt(),
          List.of(Table.WORK, Table.WORK_ITEMS, Table.WORK_RESULTS),
          removals);
    }
  }

  private void putResults(
      Table table,
      ShardId shard,
      int attempt,
      int offset,
      List<ItemResult> results,
      List<Put> puts) {
    for (int i = 0; i < results.size(); i++) {
      puts.add(new Put(table, key(shard, attempt, offset + i), items.encode(results.get(i))));
    }
  }

  private static void removeWork(
      ShardId shard, int attempt, List<Table> from, List<Removal> removals) {
    for (Table table : from) {
      removals.add(new Removal(table, key(shard, attempt), key(shard, attempt + 1)));
    }
  }

  @Override
  public Optional<BatchRecord> batch(JobId job) {
    return tables
        .get(Table.BATCHES, key(job))
        .map(bytes -> read(Table.BATCHES, bytes, records::decodeBatch));
  }

  @Override
  public List<BatchRecord> batches() {
    return all(Table.BATCHES, records::decodeBatch);
  }

  @Override
  public Optional<ShardRecord> shard(ShardId id) {
    return tables
        .get(Table.SHARDS, key(id))
        .map(bytes -> read(Table.SHARDS, bytes, records::decodeShard));
  }

  @Override
  public List<ShardRecord> shards(JobId job, int from, int limit) {
    return range(Table.SHARDS, key(job, from), end(job), limit, records::decodeShard);
  }

  @Override
  public List<ShardItem> items(JobId job, long from, int limit) {
    return range(Table.ITEMS, key(job, from), end(job), limit, items::decodeItem);
  }

  @Override
  public List<ItemResult> results(ShardId shard, int attempt) {
    return part(Table.RESULTS, shard, attempt, items::decodeResult);
  }

  @Override
  public Optional<WorkRecord> work(ShardId shard, int attempt) {
    return tables
        .get(Table.WORK, key(shard, attempt))
        .map(bytes -> read(Table.WORK, bytes, records::decodeWork));
  }

  @Override
  public List<WorkRecord> works() {
    return all(Table.WORK, records::decodeWork);
  }

  @Override
  public List<ShardItem> workItems(ShardId shard, int attempt) {
    return part(Table.WORK_ITEMS, shard, attempt, items::decodeItem);
  }

  @Override
  public List<ItemResult> workResults(ShardId shard, int attempt) {
    return part(Table.WORK_RESULTS, shard, attempt, items::decodeResult);
  }

  /** Reads a value. */
  @FunctionalInterface
  private interface Decoder<T> {
    T decode(byte[] bytes) throws ProtocolViolationException;
  }

  private <T> List<T> part(Table table, ShardId shard, int attempt, Decoder<T> decoder) {
    return range(table, key(shard, attempt), key(shard, attempt + 1), Integer.MAX_VALUE, decoder);
  }

  private <T> List<T> all(Table table, Decoder<T> decoder) {
    // No job's name has so many bytes.
    byte[] last = new byte[JobId.LENGTH + 1];
    Arrays.fill(last, (byte) 0xff);
    return range(table, new byte[0], last, Integer.MAX_VALUE, decoder);
  }

  private <T> List<T> range(Table table, byte[] from, byte[] to, int limit, Decoder<T> decoder) {
    return tables.values(table, from, to, limit).stream()
        .map(bytes -> read(table, bytes, decoder))
        .toList();
  }

  private static <T> T read(Table table, byte[] bytes, Decoder<T> decoder) {
    try {
      return decoder.decode(bytes);
    } catch (ProtocolViolationException e) {
      throw new InfernetException(
          "an entry of " + table + " in the store is damaged (" + e.getMessage() + ")", e);
    }
  }

  private static byte[] key(JobId job, long... numbers) {
    ByteBuffer key = ByteBuffer.allocate(JobId.LENGTH + numbers.length * Long.BYTES);
    key.put(job.toBytes());
    for (long number : numbers) {
      key.putLong(number);
    }
    return key.array();
  }

  private static byte[] key(ShardId shard, long... numbers) {
    byte[] first = key(shard.job(), shard.number());
    ByteBuffer key = ByteBuffer.allocate(first.length + numbers.length * Long.BYTES).put(first);
    for (long number : numbers) {
      key.putLong(number);
    }
    return key.array();
  }

  /** After every key of that job: no number is negative. */
  private static byte[] end(JobId job) {
    return key(job, -1);
  }

  /** After every key of that shard. */
  private static byte[] end(ShardId shard) {
    return key(shard.job(), shard.number() + 1L);
  }
}
