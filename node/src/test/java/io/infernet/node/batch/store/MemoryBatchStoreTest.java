package io.infernet.node.batch.store;

class MemoryBatchStoreTest extends BatchStoreContract {

  private final BatchTables tables = new MemoryBatchTables();

  @Override
  protected BatchTables tables() {
    return tables;
  }

  @Override
  protected BatchTables reopened() {
    return tables;
  }

  @Override
  protected int cuts() {
    return Integer.MAX_VALUE;
  }
}
