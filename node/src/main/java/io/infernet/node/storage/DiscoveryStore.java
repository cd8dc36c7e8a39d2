package io.infernet.node.storage;

import io.infernet.discovery.kad.record.MemoryRecordStore;
import io.infernet.discovery.kad.record.MemoryRoutingTableStore;
import io.infernet.discovery.kad.record.RecordLimits;
import io.infernet.discovery.kad.record.RecordStore;
import io.infernet.discovery.kad.record.RoutingTableStore;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node's DHT remembers: records of others and its routing table, in a RocksDB of their own,
 * so that nothing that happens to it touches receipts and jobs. All of it comes back by itself from
 * the network, so opening never fails: a damaged store is set aside with a warning, and where there
 * is no disk to write to, memory has to do.
 *
 * <p>The stores belong to the DHT's thread. Whoever opens this closes it, after the DHT.
 */
public final class DiscoveryStore implements AutoCloseable {

  /** Changes that may wait for the disk; a record takes a few hundred bytes. */
  private static final int MAX_WAITING = 20_000;

  private static final Logger LOG = LoggerFactory.getLogger(DiscoveryStore.class);

  private final RecordStore records;
  private final RoutingTableStore routingTable;
  private final @Nullable RocksColumns db;
  private final @Nullable WriteBehind writer;

  private DiscoveryStore(
      RecordStore records,
      RoutingTableStore routingTable,
      @Nullable RocksColumns db,
      @Nullable WriteBehind writer) {
    this.records = records;
    this.routingTable = routingTable;
    this.db = db;
    this.writer = writer;
  }

  /**
   * Opens the store, making it when it is missing. Reads all of it.
   *
   * @param folder its own folder; a damaged one is renamed, in place of one that was before
   * @param executor where writes may wait for the disk
   */
  public static DiscoveryStore open(
      Path folder, RecordLimits limits, Clock clock, Executor executor) {
    StoreException reason;
    try {
      return openOnDisk(folder, limits, clock, executor);
    } catch (StoreInUseException e) {
      reason = e;
    } catch (StoreException damaged) {
      try {
        Path aside = setAside(folder);
        LOG.warn(
            "what the DHT had stored cannot be read and was set aside in {}; the node starts over"
                + " with its bootstrap peers, receipts and jobs are not affected ({})",
            aside,
            String.valueOf(damaged.getCause()).replace('\n', ' '));
        return openOnDisk(folder, limits, clock, executor);
      } catch (IOException e) {
        reason = damaged;
      } catch (StoreException e) {
        reason = e;
      }
    }
    LOG.warn("what the DHT stores is not kept on disk: {}", reason.getMessage());
    return new DiscoveryStore(
        new MemoryRecordStore(limits, clock), new MemoryRoutingTableStore(), null, null);
  }

  private static DiscoveryStore openOnDisk(
      Path folder, RecordLimits limits, Clock clock, Executor executor) {
    RocksColumns db =
        RocksColumns.open(
            folder,
            List.of(
                RocksDbRecords.PROVIDERS, RocksDbRecords.VALUES, RocksDbRoutingTableStore.PEERS));
    try {
      WriteBehind writer = new WriteBehind(db, executor, MAX_WAITING);
      return new DiscoveryStore(
          RocksDbRecords.open(db, writer, limits, clock),
          new RocksDbRoutingTableStore(db, writer),
          db,
          writer);
    } catch (RuntimeException e) {
      db.close();
      throw e;
    }
  }

  /** Renames the folder; one that was set aside before is deleted. */
  private static Path setAside(Path folder) throws IOException {
    Path aside = folder.resolveSibling(folder.getFileName() + ".damaged");
    if (Files.exists(aside)) {
      Files.walkFileTree(
          aside,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException error)
                throws IOException {
              Files.delete(visited);
              return FileVisitResult.CONTINUE;
            }
          });
    }
    return Files.move(folder, aside);
  }

  public RecordStore records() {
    return records;
  }

  public RoutingTableStore routingTable() {
    return routingTable;
  }

  /** Writes what waits for the disk and closes it; the stores go on in memory. */
  @Override
  public void close() {
    if (writer != null) {
      writer.close();
    }
    if (db != null) {
      db.close();
    }
  }
}
