package io.infernet.node.assembly;

import static java.util.Objects.requireNonNull;

import io.infernet.node.job.JobStore;
import io.infernet.node.job.MemoryJobStore;
import io.infernet.node.job.MemoryReceiptStore;
import io.infernet.node.job.ReceiptStore;

/**
 * What a node keeps.
 *
 * @param jobs asked for by this node
 * @param receipts as client and provider
 */
record StorageAssembly(JobStore jobs, ReceiptStore receipts) implements AutoCloseable {

  StorageAssembly {
    requireNonNull(jobs, "jobs is null");
    requireNonNull(receipts, "receipts is null");
  }

  static StorageAssembly open(io.infernet.node.config.NodeHome home) {
    return new StorageAssembly(new MemoryJobStore(1000), new MemoryReceiptStore());
  }

  @Override
  public void close() {}
}
