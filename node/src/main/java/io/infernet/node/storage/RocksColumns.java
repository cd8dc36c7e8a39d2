package io.infernet.node.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * A RocksDB with typed columns. Safe from any thread; a call after {@link #close} fails instead of
 * touching freed memory.
 */
final class RocksColumns implements AutoCloseable {

  /** Of each column: nodes write little. */
  private static final long WRITE_BUFFER = 4L << 20;

  private static final int OPEN_FILES = 128;
  private static final long LOG_SIZE = 1L << 20;
  private static final int LOG_FILES = 2;

  private final Path folder;
  private final RocksDB db;
  private final DBOptions options;
  private final ColumnFamilyOptions columnOptions;
  private final Map<String, ColumnFamilyHandle> columns;
  private final WriteOptions synced = new WriteOptions().setSync(true);
  private final WriteOptions lazy = new WriteOptions();

  /** Read: the database is used; write: it is closed. */
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

  private boolean closed;

  private RocksColumns(
      Path folder,
      RocksDB db,
      DBOptions options,
      ColumnFamilyOptions columnOptions,
      Map<String, ColumnFamilyHandle> columns) {
    this.folder = folder;
    this.db = db;
    this.options = options;
    this.columnOptions = columnOptions;
    this.columns = columns;
  }

  /**
   * Opens the database, making it and its columns when they are missing; columns of others versions
   * stay as they are.
   *
   * @throws StoreException when it is damaged or in use
   */
  static RocksColumns open(Path folder, List<String> names) {
    DBOptions options = null;
    ColumnFamilyOptions columnOptions = null;
    try {
      Files.createDirectories(folder);
      RocksDB.loadLibrary();
      Set<String> all = new LinkedHashSet<>();
      all.add(new String(RocksDB.DEFAULT_COLUMN_FAMILY, StandardCharsets.UTF_8));
      all.addAll(names);
      try (Options probe = new Options()) {
        for (byte[] name : RocksDB.listColumnFamilies(probe, folder.toString())) {
          all.add(new String(name, StandardCharsets.UTF_8));
        }
      }
      options =
          new DBOptions()
              .setCreateIfMissing(true)
              .setCreateMissingColumnFamilies(true)
              .setMaxOpenFiles(OPEN_FILES)
              .setMaxLogFileSize(LOG_SIZE)
              .setKeepLogFileNum(LOG_FILES);
      columnOptions = new ColumnFamilyOptions().setWriteBufferSize(WRITE_BUFFER);
      List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
      for (String name : all) {
        descriptors.add(
            new ColumnFamilyDescriptor(name.getBytes(StandardCharsets.UTF_8), columnOptions));
      }
      List<ColumnFamilyHandle> handles = new ArrayList<>();
      RocksDB db = RocksDB.open(options, folder.toString(), descriptors, handles);
      Map<String, ColumnFamilyHandle> columns = new LinkedHashMap<>();
      int i = 0;
      for (String name : all) {
        columns.put(name, handles.get(i++));
      }
      return new RocksColumns(folder, db, options, columnOptions, columns);
    } catch (RocksDBException e) {
      close(columnOptions, options);
      throw failed(folder, "opened", e);
    } catch (IOException e) {
      close(columnOptions, options);
      throw new StoreException("the store cannot be made in " + folder + ": " + e.getMessage(), e);
    } catch (UnsatisfiedLinkError e) {
      throw new StoreException(
          "the store's library does not load on this machine: " + e.getMessage(), e);
    }
  }

  private static void close(@Nullable AutoCloseable... resources) {
    for (AutoCloseable resource : resources) {
      if (resource instanceof org.rocksdb.RocksObject object) {
        object.close();
      }
    }
  }

  private static StoreException failed(Path folder, String what, RocksDBException e) {
    String message = String.valueOf(e.getMessage()).replace('\n', ' ');
    if (message.contains("lock ") || message.contains("LOCK")) {
      return new StoreInUseException(
          "the store in " + folder + " is in use by another process; stop that one first", e);
    }
    Status.Code code = e.getStatus() == null ? null : e.getStatus().getCode();
    if (code == Status.Code.Corruption || code == Status.Code.InvalidArgument) {
      return damaged(folder, message, e);
    }
    return new StoreException("the store in " + folder + " cannot be " + what + ": " + message, e);
  }

  private static StoreException damaged(Path folder, String message, Throwable cause) {
    return new StoreException(
        "the store in "
            + folder
            + " is damaged ("
            + message
            + "); move that folder away and start again, receipts in it may be lost",
        cause);
  }

  /** The value of a key. */
  <K, V> Optional<V> get(Column<K, V> column, K key) {
    byte[] bytes = locked("read", () -> db.get(handle(column.name()), column.key().apply(key)));
    return bytes == null ? Optional.empty() : Optional.of(decode(column, bytes));
  }

  /**
   * Sets the value of a key.
   *
   * @param sync whether it is on the disk when this returns
   */
  <K, V> void put(Column<K, V> column, K key, V value, boolean sync) {
    locked(
        "written",
        () -> {
          db.put(
              handle(column.name()),
              sync ? synced : lazy,
              column.key().apply(key),
              column.encode().apply(value));
          return null;
        });
  }

  /** Sets the value of a key, and lists the key at that time. A key has one time for good. */
  <K, V> void putAt(Column<K, V> column, K key, V value, Instant time, boolean sync) {
    byte[] bytes = column.key().apply(key);
    locked(
        "written",
        () -> {
          try (WriteBatch batch = new WriteBatch()) {
            batch.put(handle(column.name()), bytes, column.encode().apply(value));
            batch.put(handle(column.indexName()), indexKey(time, bytes), new byte[0]);
            db.write(sync ? synced : lazy, batch);
          }
          return null;
        });
  }

  /** Removes a key that is listed at that time. */
  <K, V> void removeAt(Column<K, V> column, K key, Instant time) {
    remove(column, indexKey(time, column.key().apply(key)));
  }

  private <K, V> void remove(Column<K, V> column, byte[] indexKey) {
    locked(
        "written",
        () -> {
          try (WriteBatch batch = new WriteBatch()) {
            batch.delete(
                handle(column.name()), Arrays.copyOfRange(indexKey, Long.BYTES, indexKey.length));
            batch.delete(handle(column.indexName()), indexKey);
            db.write(lazy, batch);
          }
          return null;
        });
  }

  /** Removes the key with the earliest time; says whether there was one. */
  <K, V> boolean removeOldest(Column<K, V> column) {
    byte[] oldest =
        locked(
            "read",
            () -> {
              try (RocksIterator entries = db.newIterator(handle(column.indexName()))) {
                entries.seekToFirst();
                return entries.isValid() ? entries.key() : null;
              }
            });
    if (oldest == null) {
      return false;
    }
    remove(column, oldest);
    return true;
  }

  /** At most {@code limit} values, those with the latest time first. */
  <K, V> List<V> newest(Column<K, V> column, int limit) {
    List<byte[]> found = new ArrayList<>();
    locked(
        "read",
        () -> {
          try (RocksIterator entries = db.newIterator(handle(column.indexName()))) {
            for (entries.seekToLast(); entries.isValid() && found.size() < limit; entries.prev()) {
              byte[] indexKey = entries.key();
              byte[] value =
                  db.get(
                      handle(column.name()),
                      Arrays.copyOfRange(indexKey, Long.BYTES, indexKey.length));
              if (value != null) {
                found.add(value);
              }
            }
            entries.status();
          }
          return null;
        });
    return found.stream().map(bytes -> decode(column, bytes)).toList();
  }

  /** What becomes of one key: it gets a value, or is removed where that is null. */
  @SuppressWarnings("ArrayRecordComponent")
  record Change(String column, byte[] key, byte @Nullable [] value) {}

  /** Keys that are removed: from one on, up to but without another, in the order of bytes. */
  @SuppressWarnings("ArrayRecordComponent")
  record Removal(String column, byte[] from, byte[] to) {}

  /** Makes some changes, all or none; they reach the disk some time later. */
  void write(Collection<Change> changes) {
    write(List.of(), changes, false);
  }

  /**
   * Makes some changes, all or none.
   *
   * @param removals come first
   * @param sync whether they are on the disk when this returns
   */
  void write(Collection<Removal> removals, Collection<Change> changes, boolean sync) {
    locked(
        "written",
        () -> {
          try (WriteBatch batch = new WriteBatch()) {
            for (Removal removal : removals) {
              batch.deleteRange(handle(removal.column()), removal.from(), removal.to());
            }
            for (Change change : changes) {
              if (change.value() == null) {
                batch.delete(handle(change.column()), change.key());
              } else {
                batch.put(handle(change.column()), change.key(), change.value());
              }
            }
            db.write(sync ? synced : lazy, batch);
          }
          return null;
        });
  }

  /** The value of a key as bytes. */
  byte @Nullable [] get(String column, byte[] key) {
    return locked("read", () -> db.get(handle(column), key));
  }

  /** The values of the keys from one on, up to but without another, at most so many, in order. */
  List<byte[]> values(String column, byte[] from, byte[] to, int limit) {
    return locked(
        "read",
        () -> {
          List<byte[]> found = new ArrayList<>();
          try (RocksIterator entries = db.newIterator(handle(column))) {
            for (entries.seek(from);
                entries.isValid()
                    && found.size() < limit
                    && Arrays.compareUnsigned(entries.key(), to) < 0;
                entries.next()) {
              found.add(entries.value());
            }
            entries.status();
          }
          return found;
        });
  }

  /**
   * Reads all of a column in the order of its keys.
   *
   * @param reader gets key and value as bytes; must not use this database
   */
  void forEach(String column, BiConsumer<byte[], byte[]> reader) {
    locked(
        "read",
        () -> {
          try (RocksIterator entries = db.newIterator(handle(column))) {
            for (entries.seekToFirst(); entries.isValid(); entries.next()) {
              reader.accept(entries.key(), entries.value());
            }
            entries.status();
          }
          return null;
        });
  }

  /** How many keys are listed by time. */
  <K, V> int count(Column<K, V> column) {
    return locked(
        "read",
        () -> {
          int count = 0;
          try (RocksIterator entries = db.newIterator(handle(column.indexName()))) {
            for (entries.seekToFirst(); entries.isValid(); entries.next()) {
              count++;
            }
            entries.status();
          }
          return count;
        });
  }

  /** Eight bytes that sort as times do, then the key. */
  private static byte[] indexKey(Instant time, byte[] key) {
    return ByteBuffer.allocate(Long.BYTES + key.length)
        .putLong(time.toEpochMilli())
        .put(key)
        .array();
  }

  private <V> V decode(Column<?, V> column, byte[] bytes) {
    try {
      return column.decode().decode(bytes);
    } catch (Exception e) {
      String start = HexFormat.of().formatHex(Arrays.copyOf(bytes, Math.min(bytes.length, 8)));
      throw damaged(folder, "an entry of " + column.name() + " that begins " + start, e);
    }
  }

  private ColumnFamilyHandle handle(String name) {
    ColumnFamilyHandle handle = columns.get(name);
    if (handle == null) {
      throw new IllegalStateException("no column " + name);
    }
    return handle;
  }

  /** Something done with the open database. */
  @FunctionalInterface
  private interface Action<T extends @Nullable Object> {
    T run() throws RocksDBException;
  }

  private <T extends @Nullable Object> T locked(String what, Action<T> action) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the store is closed");
      }
      return action.run();
    } catch (RocksDBException e) {
      throw failed(folder, what, e);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        columns.values().forEach(ColumnFamilyHandle::close);
        db.close();
        synced.close();
        lazy.close();
        columnOptions.close();
        options.close();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
