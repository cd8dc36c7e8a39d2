package io.infernet.node.storage;

import io.infernet.node.job.JobStore;
import io.infernet.node.job.MemoryJobStore;
import io.infernet.node.job.MemoryReceiptStore;
import io.infernet.node.job.ReceiptStore;

class MemoryStoreTest extends StoreContract {

  @Override
  ReceiptStore receipts() {
    return new MemoryReceiptStore();
  }

  @Override
  JobStore jobs() {
    return new MemoryJobStore(MAX_JOBS);
  }
}
