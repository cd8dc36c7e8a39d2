package io.infernet.node.batch.store;

import java.util.List;
import java.util.Optional;

/**
 * Ordered tables of bytes, as {@link TableBatchStore} needs them. Safe from any thread; calls may
 * wait for the disk.
 */
public interface BatchTables {

  /** The tables; keys are ordered as unsigned bytes. */
  enum Table {
    BATCHES("batches"),
    ITEMS("batch-items"),
    SHARDS("batch-shards"),
    RESULTS("batch-results"),
    WORK("work"),
    WORK_ITEMS("work-items"),
    WORK_RESULTS("work-results");

    private final String text;

    Table(String text) {
      this.text = text;
    }

    /** Its name in a store. */
    @Override
    public String toString() {
      return text;
    }
  }

  /** A key gets a value. Not to be compared with others. */
  @SuppressWarnings("ArrayRecordComponent")
  record Put(Table table, byte[] key, byte[] value) {}

  /** Keys are removed: from one on, up to but without another. Not to be compared with others. */
  @SuppressWarnings("ArrayRecordComponent")
  record Removal(Table table, byte[] from, byte[] to) {}

  /** Makes the removals, then the puts: all or none; they are on the disk when this returns. */
  void write(List<Removal> removals, List<Put> puts);

  Optional<byte[]> get(Table table, byte[] key);

  /** The values of the keys from one on, up to but without another, at most so many, in order. */
  List<byte[]> values(Table table, byte[] from, byte[] to, int limit);
}
