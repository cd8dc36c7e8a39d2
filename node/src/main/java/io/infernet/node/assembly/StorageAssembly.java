package io.infernet.node.assembly;

import static java.util.Objects.requireNonNull;

import io.infernet.node.config.NodeHome;
import io.infernet.node.job.JobStore;
import io.infernet.node.job.ReceiptStore;
import io.infernet.node.storage.NodeStore;

/** What a node keeps in its home. */
final class StorageAssembly implements AutoCloseable {

  /** Jobs that a node remembers. */
  private static final int MAX_JOBS = 10_000;

  private final NodeStore store;

  private StorageAssembly(NodeStore store) {
    this.store = requireNonNull(store, "store is null");
  }

  /** Opens the store of that home, making it when it is missing. */
  static StorageAssembly open(NodeHome home) {
    return new StorageAssembly(NodeStore.open(home.storeFolder(), MAX_JOBS));
  }

  /** Jobs asked for by this node. */
  JobStore jobs() {
    return store.jobs();
  }

  /** Receipts of this node, as client and as provider. */
  ReceiptStore receipts() {
    return store.receipts();
  }

  @Override
  public void close() {
    store.close();
  }
}
