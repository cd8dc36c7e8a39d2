package io.infernet.node.assembly;

import static java.util.Objects.requireNonNull;

import io.infernet.discovery.kad.record.RecordLimits;
import io.infernet.node.config.NodeHome;
import io.infernet.node.job.JobStore;
import io.infernet.node.job.ReceiptStore;
import io.infernet.node.storage.DiscoveryStore;
import io.infernet.node.storage.NodeStore;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What a node keeps in its home. Whoever opens it holds the home's lock and closes it. */
public final class StorageAssembly implements AutoCloseable {

  /** Jobs that a node remembers. */
  private static final int MAX_JOBS = 10_000;

  private static final int QUEUE = 4_096;
  private static final Duration LAST_WRITES = Duration.ofSeconds(10);

  private final NodeStore store;

  /** Where calls of the stores may wait for the disk. */
  private final ThreadPoolExecutor executor =
      new ThreadPoolExecutor(
          1,
          1,
          10,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(QUEUE),
          runnable -> {
            Thread thread = new Thread(runnable, "storage");
            thread.setDaemon(true);
            return thread;
          });

  private final NodeHome home;

  /** Null until a DHT needs it. */
  private @Nullable DiscoveryStore discovery;

  private StorageAssembly(NodeHome home, NodeStore store) {
    this.home = requireNonNull(home, "home is null");
    this.store = requireNonNull(store, "store is null");
    executor.allowCoreThreadTimeOut(true);
  }

  /** Opens the store of that home, making it when it is missing. */
  public static StorageAssembly open(NodeHome home) {
    return new StorageAssembly(home, NodeStore.open(home.storeFolder(), MAX_JOBS));
  }

  /** Jobs asked for by this node. */
  JobStore jobs() {
    return store.jobs();
  }

  /** Receipts of this node, as client and as provider. */
  public ReceiptStore receipts() {
    return store.receipts();
  }

  /** Opens what the DHT remembers; called once, when the node starts. Never fails. */
  DiscoveryStore openDiscovery(RecordLimits limits, Clock clock) {
    if (discovery != null) {
      throw new IllegalStateException("the DHT's store is open already");
    }
    discovery = DiscoveryStore.open(home.discoveryFolder(), limits, clock, executor);
    return discovery;
  }

  /** Where calls of the stores may wait for the disk; bounded. */
  Executor executor() {
    return executor;
  }

  /** What was promised to be kept is written first. */
  @Override
  public void close() {
    executor.shutdown();
    try {
      if (!executor.awaitTermination(LAST_WRITES.toMillis(), TimeUnit.MILLISECONDS)) {
        executor.shutdownNow();
      }
    } catch (InterruptedException e) {
      executor.shutdownNow();
      Thread.currentThread().interrupt();
    }
    if (discovery != null) {
      discovery.close();
    }
    store.close();
  }
}
