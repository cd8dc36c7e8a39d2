package io.infernet.node.storage;

import io.infernet.node.batch.store.BatchTables;
import io.infernet.node.job.JobRecord;
import io.infernet.node.job.JobRecordJson;
import io.infernet.node.job.JobStore;
import io.infernet.node.job.ReceiptStore;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.receipt.SignedReceipt;
import io.infernet.verification.wire.ReceiptCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The stores of one node, in one RocksDB. Safe from any thread; its owner closes it, after which
 * calls fail.
 */
public final class NodeStore implements AutoCloseable {

  /** Raised when older programs could not read what this one writes. */
  private static final String FORMAT = "1";

  private static final ReceiptCodec RECEIPT_CODEC = new ReceiptCodec();

  private static final Column<String, String> SETTINGS = Column.ofTexts("settings");

  private static final Column<Hash, SignedReceipt> RECEIPTS =
      new Column<>("receipts", Hash::toBytes, RECEIPT_CODEC::encode, RECEIPT_CODEC::decode);

  private static final Column<JobId, JobRecord> JOBS =
      new Column<>(
          "jobs",
          JobId::toBytes,
          job -> JobRecordJson.write(job).toString().getBytes(StandardCharsets.UTF_8),
          bytes -> JobRecordJson.read(new String(bytes, StandardCharsets.UTF_8)));

  private final RocksColumns db;
  private final ReceiptStore receipts;
  private final JobStore jobs;
  private final BatchTables batches;

  private NodeStore(RocksColumns db, int maxJobs) {
    this.db = db;
    this.receipts = new RocksReceiptStore(db);
    this.jobs = new RocksJobStore(db, maxJobs);
    this.batches = new RocksBatchTables(db);
  }

  /**
   * Opens the store, making it when it is missing.
   *
   * @param folder its own folder
   * @param maxJobs jobs that are remembered
   * @throws StoreException when it is damaged, in use, or of a newer program
   */
  public static NodeStore open(Path folder, int maxJobs) {
    RocksColumns db =
        RocksColumns.open(
            folder,
            Stream.concat(
                    Stream.of(
                        SETTINGS.name(),
                        RECEIPTS.name(),
                        RECEIPTS.indexName(),
                        JOBS.name(),
                        JOBS.indexName()),
                    RocksBatchTables.COLUMNS.stream())
                .toList());
    try {
      Optional<String> format = db.get(SETTINGS, "format");
      if (format.isEmpty()) {
        db.put(SETTINGS, "format", FORMAT, true);
      } else if (!format.get().equals(FORMAT)) {
        throw new StoreException(
            "the store in " + folder + " was written by a newer version; use that one");
      }
      return new NodeStore(db, maxJobs);
    } catch (RuntimeException e) {
      db.close();
      throw e;
    }
  }

  public ReceiptStore receipts() {
    return receipts;
  }

  public JobStore jobs() {
    return jobs;
  }

  /** What batches are kept in, for a {@code TableBatchStore}. */
  public BatchTables batches() {
    return batches;
  }

  @Override
  public void close() {
    db.close();
  }

  /** Receipts, each synced before {@code put} returns. */
  private record RocksReceiptStore(RocksColumns db) implements ReceiptStore {
    @Override
    public void put(SignedReceipt receipt) {
      Hash id = receipt.receipt().digest();
      synchronized (db) {
        boolean worse =
            !receipt.isComplete()
                && db.get(RECEIPTS, id).map(SignedReceipt::isComplete).orElse(false);
        if (!worse) {
          db.putAt(RECEIPTS, id, receipt, receipt.receipt().finishedAt(), true);
        }
      }
    }

    @Override
    public Optional<SignedReceipt> get(String id) {
      Hash hash;
      try {
        hash = Hash.parse(id);
      } catch (IllegalArgumentException e) {
        return Optional.empty();
      }
      return db.get(RECEIPTS, hash);
    }

    @Override
    public List<SignedReceipt> newest(int limit) {
      return db.newest(RECEIPTS, limit);
    }
  }

  /** Jobs; the oldest are dropped beyond a limit. */
  private static final class RocksJobStore implements JobStore {
    private final RocksColumns db;
    private final int maxJobs;
    private int count;

    RocksJobStore(RocksColumns db, int maxJobs) {
      this.db = db;
      this.maxJobs = maxJobs;
      this.count = db.count(JOBS);
    }

    @Override
    public synchronized void put(JobRecord job) {
      boolean known = db.get(JOBS, job.id()).isPresent();
      db.putAt(JOBS, job.id(), job, job.createdAt(), false);
      count += known ? 0 : 1;
      while (count > maxJobs && db.removeOldest(JOBS)) {
        count--;
      }
    }

    @Override
    public Optional<JobRecord> get(JobId id) {
      return db.get(JOBS, id);
    }

    @Override
    public List<JobRecord> newest(int limit) {
      return db.newest(JOBS, limit);
    }
  }
}
