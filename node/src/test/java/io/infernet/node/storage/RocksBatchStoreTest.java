package io.infernet.node.storage;

import io.infernet.node.batch.store.BatchStoreContract;
import io.infernet.node.batch.store.BatchTables;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

class RocksBatchStoreTest extends BatchStoreContract {

  @TempDir Path temp;
  private NodeStore store;

  @BeforeEach
  void open() {
    store = NodeStore.open(temp.resolve("store"), 10);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Override
  protected BatchTables tables() {
    return store.batches();
  }

  @Override
  protected BatchTables reopened() {
    store.close();
    open();
    return store.batches();
  }

  @Override
  protected int cuts() {
    return 6;
  }
}
