package io.infernet.node.storage;

import io.infernet.node.storage.RocksColumns.Change;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects changes and writes them in batches on another thread, of each key the newest only. For
 * what may be lost: when too many wait, and when the disk fails, changes are dropped with a warning
 * instead of holding up anybody. Safe from any thread.
 */
final class WriteBehind implements AutoCloseable {

  private static final int BATCH = 1_000;

  private static final Logger LOG = LoggerFactory.getLogger(WriteBehind.class);

  private final RocksColumns db;
  private final Executor executor;
  private final int maxWaiting;

  /** Held while a batch is written, so that batches keep their order. */
  private final Object writing = new Object();

  private final Map<Name, Change> waiting = new LinkedHashMap<>();
  private boolean scheduled;
  private boolean dropping;

  /** Closed, or the disk has failed. */
  private boolean ended;

  private record Name(String column, ByteBuffer key) {}

  /**
   * @param executor may wait for the disk
   * @param maxWaiting changes that may wait
   */
  WriteBehind(RocksColumns db, Executor executor, int maxWaiting) {
    this.db = db;
    this.executor = executor;
    this.maxWaiting = maxWaiting;
  }

  /**
   * Changes one key some time soon.
   *
   * @param value null to remove it
   */
  void write(String column, byte[] key, byte @Nullable [] value) {
    synchronized (waiting) {
      Name name = new Name(column, ByteBuffer.wrap(key));
      if (ended || (waiting.size() >= maxWaiting && !waiting.containsKey(name))) {
        if (!ended && !dropping) {
          dropping = true;
          LOG.warn("the disk is too slow for what the DHT stores: some of it is not kept");
        }
        return;
      }
      waiting.put(name, new Change(column, key, value));
      if (scheduled) {
        return;
      }
      scheduled = true;
    }
    try {
      executor.execute(this::flush);
    } catch (RejectedExecutionException e) {
      // Overloaded or closing: the next change tries again, and closing flushes.
      synchronized (waiting) {
        scheduled = false;
      }
    }
  }

  /** Removes an entry that cannot be read. */
  void discard(String column, byte[] key, Exception reason) {
    LOG.warn("dropping an entry of {} that cannot be read: {}", column, reason.toString());
    write(column, key, null);
  }

  /** Writes all that waits, in the calling thread. */
  void flush() {
    synchronized (writing) {
      List<Change> batch = takeBatch();
      while (!batch.isEmpty()) {
        try {
          db.write(batch);
        } catch (StoreException e) {
          end();
          LOG.warn("what the DHT stores is no longer kept on disk: {}", e.getMessage());
          return;
        }
        batch = takeBatch();
      }
    }
  }

  /** Writes all that waits, and nothing after that. */
  @Override
  public void close() {
    flush();
    end();
  }

  private void end() {
    synchronized (waiting) {
      ended = true;
      waiting.clear();
    }
  }

  private List<Change> takeBatch() {
    List<Change> batch = new ArrayList<>();
    synchronized (waiting) {
      Iterator<Change> changes = waiting.values().iterator();
      while (changes.hasNext() && batch.size() < BATCH) {
        batch.add(changes.next());
        changes.remove();
      }
      if (batch.isEmpty()) {
        scheduled = false;
        dropping = false;
      }
    }
    return batch;
  }
}
