package io.infernet.node.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.node.job.JobStore;
import io.infernet.node.job.ReceiptStore;
import io.infernet.node.job.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeStoreTest extends StoreContract {

  @TempDir Path temp;
  private NodeStore store;

  @BeforeEach
  void open() {
    store = NodeStore.open(temp.resolve("store"), MAX_JOBS);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private void reopen() {
    store.close();
    open();
  }

  @Override
  ReceiptStore receipts() {
    return store.receipts();
  }

  @Override
  JobStore jobs() {
    return store.jobs();
  }

  @Test
  void remembersWhenItIsOpenedAgain() {
    store.receipts().put(Samples.whole(1));
    for (int n = 1; n <= MAX_JOBS; n++) {
      store.jobs().put(Samples.job(n));
    }

    reopen();

    assertEquals(List.of(Samples.whole(1)), store.receipts().newest(10));
    store.jobs().put(Samples.job(MAX_JOBS + 1));
    assertEquals(Optional.empty(), store.jobs().get(Samples.jobId(1)), "it counted what was there");
  }

  @Test
  void failsAfterItWasClosed() {
    ReceiptStore receipts = store.receipts();
    store.close();

    assertThrows(IllegalStateException.class, () -> receipts.put(Samples.whole(1)));
    assertThrows(IllegalStateException.class, () -> receipts.newest(1));
  }

  @Test
  void saysWhenAnotherProcessHasIt() {
    StoreException error =
        assertThrows(StoreException.class, () -> NodeStore.open(temp.resolve("store"), MAX_JOBS));

    assertTrue(error.getMessage().contains("in use by another process"), error.getMessage());
  }

  @Test
  void saysInOneLineWhenItIsDamaged() throws IOException {
    for (int i = 0; i < 20; i++) {
      store.receipts().put(Samples.whole(i));
    }
    store.close();
    for (String victim : List.of("CURRENT", "MANIFEST")) {
      Path folder = temp.resolve("damaged-" + victim);
      copy(temp.resolve("store"), folder);
      overwrite(folder, victim);

      StoreException error =
          assertThrows(StoreException.class, () -> NodeStore.open(folder, MAX_JOBS));

      assertTrue(error.getMessage().contains("is damaged"), error.getMessage());
      assertTrue(error.getMessage().contains(folder.toString()), error.getMessage());
      assertFalse(error.getMessage().contains("\n"), error.getMessage());
    }
    open();
  }

  @Test
  void saysWhichEntryIsDamaged() throws IOException {
    store.close();
    Path folder = temp.resolve("store");
    try (RocksColumns columns = RocksColumns.open(folder, List.of("jobs", "jobs-by-time"))) {
      columns.putAt(Column.ofTexts("jobs"), "x".repeat(16), "{\"id\":3}", Samples.EPOCH, true);
    }
    open();

    StoreException error = assertThrows(StoreException.class, () -> store.jobs().newest(1));

    assertTrue(error.getMessage().contains("an entry of jobs"), error.getMessage());
  }

  @Test
  void leavesTheStoreOfANewerProgramAlone() {
    store.close();
    try (RocksColumns columns =
        RocksColumns.open(temp.resolve("store"), List.of("settings", "later-things"))) {
      columns.put(Column.ofTexts("settings"), "format", "2", true);
    }

    StoreException error =
        assertThrows(StoreException.class, () -> NodeStore.open(temp.resolve("store"), MAX_JOBS));

    assertTrue(error.getMessage().contains("newer version"), error.getMessage());
    try (RocksColumns columns = RocksColumns.open(temp.resolve("store"), List.of("settings"))) {
      columns.put(Column.ofTexts("settings"), "format", "1", true);
    }
    open();
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (var files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()));
      }
    }
  }

  private static void overwrite(Path folder, String prefix) throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.getFileName().toString().startsWith(prefix)).toList()) {
        byte[] bytes = Files.readAllBytes(file);
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] ^= (byte) 0x5a;
        }
        Files.write(file, bytes);
      }
    }
  }
}
