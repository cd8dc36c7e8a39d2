package io.infernet.node.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.kad.record.ProviderRecord;
import io.infernet.discovery.kad.record.RecordLimits;
import io.infernet.discovery.kad.record.RecordStore;
import io.infernet.discovery.kad.record.RecordStore.Outcome;
import io.infernet.discovery.kad.record.RecordStoreContract;
import io.infernet.discovery.kad.record.RoutingTableStore;
import io.infernet.discovery.kad.record.RoutingTableStore.SavedPeer;
import io.infernet.discovery.kad.record.ValueRecord;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.testing.LogCapture;
import io.infernet.node.job.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiscoveryStoreTest extends RecordStoreContract {

  @TempDir Path temp;
  private final List<DiscoveryStore> opened = new ArrayList<>();

  @Override
  protected RecordStore open(RecordLimits limits, Clock clock) {
    DiscoveryStore store =
        DiscoveryStore.open(
            temp.resolve("contract-" + opened.size()), limits, clock, Runnable::run);
    opened.add(store);
    return store.records();
  }

  @AfterEach
  void close() {
    opened.forEach(DiscoveryStore::close);
  }

  private Path folder() {
    return temp.resolve("discovery");
  }

  private DiscoveryStore open() {
    return open(LIMITS, Runnable::run);
  }

  private DiscoveryStore open(RecordLimits limits, Executor executor) {
    DiscoveryStore store = DiscoveryStore.open(folder(), limits, clock, executor);
    opened.add(store);
    return store;
  }

  private SavedPeer saved(int n) {
    return new SavedPeer(
        new PeerInfo(peer(n), List.of(Multiaddr.parse("/ip4/192.0.2.9/tcp/" + (n + 1)))),
        clock.instant());
  }

  @Test
  void remembersWhatOthersStoredWhenItIsOpenedAgain() {
    DiscoveryStore store = open();
    ProviderRecord first = provider(1, 1);
    store.records().addProvider(first, "a");
    time.advance(Duration.ofSeconds(1));
    store.records().addProvider(provider(1, 2), "b");
    store.records().addProvider(provider(2, 2), "b");
    store.records().removeProvider(key(2), peer(2));
    ValueRecord value = value(1, "value");
    store.records().putValue(value(1, "older"), "a");
    store.records().putValue(value, "a");
    store.records().putValue(value(2, "removed"), "a");
    store.records().removeValue(value(2, "").key());
    store.close();

    DiscoveryStore again = open();

    assertEquals(List.of(first, provider(1, 2)), again.records().providers(key(1)));
    assertEquals(2, again.records().providerCount());
    assertEquals(Optional.of(value), again.records().value(value.key()));
    assertEquals(1, again.records().valueCount());
  }

  @Test
  void leavesItsOwnNodesRecordsToItsServices() {
    DiscoveryStore store = open();
    store.records().addProvider(provider(1, 1), "a");
    store.records().addProvider(provider(1, 1), RecordStore.SELF);
    store.records().addProvider(provider(2, 1), RecordStore.SELF);
    store.records().putValue(value(1, "own"), RecordStore.SELF);
    store.close();

    DiscoveryStore again = open();

    assertEquals(0, again.records().providerCount());
    assertEquals(0, again.records().valueCount());
  }

  @Test
  void dropsWhatExpiredOrNoLongerFitsWhenItIsOpenedAgain() {
    DiscoveryStore store = open();
    store.records().addProvider(provider(1, 1), "a");
    store.records().putValue(value(1, "value"), "a");
    time.advance(Duration.ofHours(40));
    for (int i = 0; i < 10; i++) {
      store.records().addProvider(provider(i, 2), "b");
    }
    store.close();
    time.advance(Duration.ofHours(10));
    RecordLimits tighter =
        new RecordLimits(4, 4, 4, LIMITS.providerLifetime(), 500, 500, LIMITS.valueLifetime());

    DiscoveryStore again = open(tighter, Runnable::run);
    assertEquals(4, again.records().providerCount());
    assertEquals(0, again.records().valueCount());
    again.close();

    DiscoveryStore wide = open();
    assertEquals(4, wide.records().providerCount(), "the others are gone from the disk too");
  }

  @Test
  void remembersTheRoutingTable() {
    RoutingTableStore table = open().routingTable();
    assertEquals(List.of(), table.load());
    SavedPeer one = saved(1);
    SavedPeer two = saved(2);
    table.save(List.of(one, two, saved(3)));
    time.advance(Duration.ofMinutes(1));
    SavedPeer later = saved(2);
    table.save(List.of(one, later));
    assertEquals(List.of(later, one), table.load());
    opened.get(0).close();

    RoutingTableStore again = open().routingTable();

    assertEquals(List.of(later, one), again.load());
  }

  @Test
  void keepsTheMostUsefulPeersOfALargeTable() {
    RoutingTableStore table = open().routingTable();
    List<SavedPeer> all = new ArrayList<>();
    for (int i = 0; i < RoutingTableStore.MAX_PEERS + 10; i++) {
      all.add(saved(i));
      time.advance(Duration.ofSeconds(1));
    }
    table.save(all);
    opened.get(0).close();

    List<SavedPeer> kept = open().routingTable().load();

    assertEquals(RoutingTableStore.MAX_PEERS, kept.size());
    assertEquals(all.get(all.size() - 1), kept.get(0));
    assertFalse(kept.contains(all.get(9)));
  }

  @Test
  void writesOnItsExecutorAndTheNewestOnly() {
    Queue<Runnable> tasks = new ArrayDeque<>();
    DiscoveryStore store = open(LIMITS, tasks::add);
    for (int i = 0; i < 50; i++) {
      store.records().putValue(value(1, "value " + i), "a");
      store.records().addProvider(provider(i % 3, 1), "a");
    }
    assertEquals(1, tasks.size(), "one task writes them all");
    tasks.remove().run();
    store.records().putValue(value(2, "x"), "a");
    assertEquals(1, tasks.size());
    store.close();

    DiscoveryStore again = open();

    assertEquals(3, again.records().providerCount());
    assertEquals(Optional.of(value(1, "value 49")), again.records().value(value(1, "").key()));
    assertTrue(again.records().value(value(2, "").key()).isPresent(), "closing wrote it");
    tasks.remove().run();
  }

  @Test
  void dropsEntriesThatCannotBeRead() {
    DiscoveryStore store = open();
    store.records().addProvider(provider(1, 1), "a");
    store.records().putValue(value(1, "value"), "a");
    store.routingTable().save(List.of(saved(1)));
    store.close();
    List<String> names =
        List.of(RocksDbRecords.PROVIDERS, RocksDbRecords.VALUES, RocksDbRoutingTableStore.PEERS);
    try (RocksColumns columns = RocksColumns.open(folder(), names)) {
      SplittableRandom random = new SplittableRandom(1);
      for (String name : names) {
        for (int i = 0; i < 50; i++) {
          byte[] key = new byte[random.nextInt(1, 80)];
          byte[] value = new byte[random.nextInt(60)];
          random.nextBytes(key);
          random.nextBytes(value);
          if (value.length > 0 && value[0] == 1) {
            value[0] = 2;
          }
          columns.write(List.of(new RocksColumns.Change(name, key, value)));
        }
      }
    }

    try (LogCapture log = new LogCapture("io.infernet.node.storage")) {
      DiscoveryStore again = open();

      assertTrue(log.await("dropping an entry of providers").startsWith("WARN"));
      assertEquals(1, again.records().providerCount());
      assertEquals(1, again.records().valueCount());
      assertEquals(List.of(saved(1)), again.routingTable().load());
      again.close();
    }
    try (RocksColumns columns = RocksColumns.open(folder(), names)) {
      for (String name : names) {
        List<byte[]> left = new ArrayList<>();
        columns.forEach(name, (key, value) -> left.add(key));
        assertEquals(1, left.size(), name);
      }
    }
  }

  /** A home whose stores have something in table files and something in the log. */
  private Path fullHome() {
    Path home = temp.resolve("home");
    for (int round = 0; round < 3; round++) {
      try (NodeStore receipts = NodeStore.open(home.resolve("store"), 10);
          DiscoveryStore discovery =
              DiscoveryStore.open(home.resolve("store/discovery"), LIMITS, clock, Runnable::run)) {
        receipts.receipts().put(Samples.whole(round));
        for (int i = 0; i < 20; i++) {
          discovery.records().addProvider(provider(round, i), "s" + i);
          discovery.records().putValue(value(i, "round " + round), "s" + i);
        }
        discovery.routingTable().save(List.of(saved(round)));
      }
    }
    return home;
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  /** Damages all files of a kind; says whether there was one. */
  private static boolean damage(Path folder, String kind, String how) throws IOException {
    boolean found = false;
    try (var files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.getFileName().toString().contains(kind)).toList()) {
        found = true;
        byte[] bytes = Files.readAllBytes(file);
        switch (how) {
          case "truncated" -> Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
          case "empty" -> Files.write(file, new byte[0]);
          case "deleted" -> Files.delete(file);
          default -> {
            for (int i = 0; i < bytes.length; i++) {
              bytes[i] ^= (byte) 0x5a;
            }
            Files.write(file, bytes);
          }
        }
      }
    }
    return found;
  }

  @Test
  void startsOverWhenItIsDamagedAndLosesNothingElse() throws IOException {
    int n = 0;
    Path full = fullHome();
    for (String kind : List.of(".sst", "MANIFEST", "CURRENT", "OPTIONS", ".log")) {
      for (String how : List.of("garbage", "truncated", "empty", "deleted")) {
        Path home = temp.resolve("home-" + n++);
        copy(full, home);
        Path folder = home.resolve("store/discovery");
        assertTrue(damage(folder, kind, how), kind);

        for (int start = 0; start < 2; start++) {
          try (LogCapture log = new LogCapture("io.infernet.node.storage");
              NodeStore receipts = NodeStore.open(home.resolve("store"), 10);
              DiscoveryStore discovery =
                  DiscoveryStore.open(folder, LIMITS, clock, Runnable::run)) {
            if (start == 0 && Files.exists(home.resolve("store/discovery.damaged"))) {
              String warning = log.await("set aside");
              assertTrue(warning.startsWith("WARN"), warning);
              assertTrue(warning.contains("bootstrap"), warning);
              assertEquals(0, discovery.records().providerCount(), kind + " " + how);
              assertEquals(List.of(), discovery.routingTable().load());
            }
            assertEquals(3, receipts.receipts().newest(10).size());
            if (start == 1) {
              assertTrue(
                  discovery.records().providers(key(77)).contains(provider(77, 77)),
                  "it works again: " + kind + " " + how);
            }
            discovery.records().addProvider(provider(77, 77), "s");
          }
        }
        boolean vital = kind.equals(".sst") || kind.equals("MANIFEST") || kind.equals("CURRENT");
        boolean fresh = kind.equals("CURRENT") && how.equals("deleted");
        assertTrue(
            !vital || fresh || Files.exists(home.resolve("store/discovery.damaged")),
            kind + " " + how);
      }
    }
  }

  @Test
  void keepsOneDamagedStoreAtMost() throws IOException {
    for (int i = 0; i < 3; i++) {
      open().close();
      Files.createDirectories(folder().resolve("sub"));
      assertTrue(damage(folder(), "CURRENT", "garbage"));
    }
    open().close();
    try (var files = Files.list(temp)) {
      assertEquals(
          List.of("discovery", "discovery.damaged"),
          files.map(f -> f.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void goesOnInMemoryWhileAnotherProcessHasTheDisk() {
    DiscoveryStore first = open();
    first.records().addProvider(provider(1, 1), "a");
    try (LogCapture log = new LogCapture("io.infernet.node.storage")) {
      DiscoveryStore second = open();
      assertTrue(log.await("not kept on disk").contains("in use"));
      assertEquals(Outcome.STORED, second.records().addProvider(provider(2, 2), "a"));
      second.close();
    }
    first.close();
    assertEquals(1, open().records().providerCount());
    assertFalse(Files.exists(temp.resolve("discovery.damaged")));
  }
}
