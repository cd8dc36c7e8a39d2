package io.infernet.discovery.kad.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.kad.record.RecordStore.Outcome;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.Property;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What holds for every {@link RecordStore}, in memory and on disk. */
public abstract class RecordStoreContract {

  protected static final RecordLimits LIMITS =
      new RecordLimits(100, 10, 20, Duration.ofHours(48), 10_000, 4_000, Duration.ofHours(36));

  protected final VirtualTime time = new VirtualTime();
  protected final Clock clock = time.clock();

  /** An empty store. */
  protected abstract RecordStore open(RecordLimits limits, Clock clock);

  protected static Multihash key(int n) {
    return Multihash.sha256(ByteBuffer.allocate(Integer.BYTES).putInt(n).array());
  }

  /** Peers without key pairs, of which a test needs many. */
  protected static PeerId peer(int n) {
    try {
      return PeerId.fromBytes(key(~n).toBytes());
    } catch (ProtocolViolationException e) {
      throw new AssertionError(e);
    }
  }

  protected ProviderRecord provider(int key, int peer) {
    return provider(key, peer, "/ip4/192.0.2.1/tcp/4001");
  }

  private ProviderRecord provider(int key, int peer, String address) {
    return new ProviderRecord(
        key(key), new PeerInfo(peer(peer), List.of(Multiaddr.parse(address))), clock.instant());
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  protected ValueRecord value(int key, String value) {
    return new ValueRecord(text("/ns/" + key), text(value), clock.instant());
  }

  private static String source(int n) {
    return "192.0." + n;
  }

  private static boolean add(RecordStore store, ProviderRecord record, String source) {
    return store.addProvider(record, source) == Outcome.STORED;
  }

  private static boolean put(RecordStore store, ValueRecord record, String source) {
    return store.putValue(record, source) == Outcome.STORED;
  }

  @Test
  public void keepsProvidersByKeyUntilTheyExpire() {
    RecordStore store = open(LIMITS, clock);
    ProviderRecord one = provider(1, 1);
    assertTrue(add(store, one, source(1)));
    time.advance(Duration.ofHours(40));
    ProviderRecord two = provider(1, 2);
    assertTrue(add(store, two, source(2)));
    assertTrue(add(store, provider(2, 1), source(1)));

    assertEquals(List.of(one, two), store.providers(key(1)));
    assertEquals(3, store.providerCount());
    assertEquals(List.of(), store.providers(key(3)));
    assertEquals(List.of(), store.ownProviders());

    time.advance(Duration.ofHours(8));
    assertEquals(List.of(two), store.providers(key(1)));
    assertEquals(3, store.providerCount(), "it is only hidden yet");
    store.removeExpired();
    assertEquals(2, store.providerCount());
    time.advance(Duration.ofHours(40));
    store.removeExpired();
    assertEquals(0, store.providerCount());
  }

  @Test
  public void refreshesAProviderInItsPlace() {
    RecordStore store = open(LIMITS, clock);
    add(store, provider(1, 1), source(1));
    add(store, provider(1, 2), source(2));
    time.advance(Duration.ofHours(40));
    ProviderRecord moved = provider(1, 1, "/ip6/2001:db8::1/tcp/1");

    assertTrue(add(store, moved, source(3)));

    assertEquals(2, store.providerCount());
    assertEquals(moved, store.providers(key(1)).get(0));
    time.advance(Duration.ofHours(8));
    store.removeExpired();
    assertEquals(List.of(moved), store.providers(key(1)));
  }

  @Test
  public void removesProviders() {
    RecordStore store = open(LIMITS, clock);
    add(store, provider(1, 1), source(1));
    add(store, provider(1, 2), source(1));

    store.removeProvider(key(1), peer(1));
    store.removeProvider(key(1), peer(9));
    store.removeProvider(key(9), peer(1));

    assertEquals(1, store.providerCount());
    assertEquals(peer(2), store.providers(key(1)).get(0).provider().id());
  }

  @Test
  public void keepsAMillionKeysOfOnePeerOut() {
    RecordStore store = open(LIMITS, clock);
    for (int i = 0; i < 50; i++) {
      assertTrue(add(store, provider(i, i), source(i)));
    }
    ProviderRecord example = provider(0, 1_000);
    int taken = 0;
    for (int i = 0; i < 1_000_000; i++) {
      ProviderRecord record = new ProviderRecord(key(i), example.provider(), example.received());
      taken += add(store, record, source(99)) ? 1 : 0;
    }

    assertEquals(LIMITS.maxKeysPerProvider(), taken);
    assertEquals(Outcome.TOO_MUCH, store.addProvider(provider(-1, 1_000), source(99)));
    assertEquals(50 + LIMITS.maxKeysPerProvider(), store.providerCount());
    for (int i = 0; i < 50; i++) {
      assertEquals(peer(i), store.providers(key(i)).get(0).provider().id());
    }
    time.advance(LIMITS.providerLifetime());
    assertTrue(add(store, provider(7, 1_000), source(99)), "expired ones make room");
  }

  @Test
  public void letsTheSourceThatHasMostGiveWayWhenItIsFull() {
    RecordStore store = open(LIMITS, clock);
    for (int i = 0; i < LIMITS.maxProviders(); i++) {
      assertTrue(add(store, provider(i, i), source(i % 4 == 0 ? 2 : 1)));
    }

    assertEquals(
        Outcome.FULL, store.addProvider(provider(1_000, 1_000), source(1)), "it has most itself");
    for (int i = 0; i < 25; i++) {
      assertTrue(add(store, provider(2_000 + i, 2_000 + i), source(3)));
    }

    assertEquals(LIMITS.maxProviders(), store.providerCount());
    for (int i = 0; i < LIMITS.maxProviders(); i++) {
      boolean gaveWay = i % 4 != 0 && i <= 33;
      assertEquals(gaveWay ? 0 : 1, store.providers(key(i)).size(), "record " + i);
    }
  }

  @Test
  public void isNotEmptiedByManySourcesThatHaveOneRecordEach() {
    RecordStore store = open(LIMITS, clock);
    for (int i = 0; i < LIMITS.maxProviders(); i++) {
      assertTrue(add(store, provider(i, i), source(i)));
    }
    for (int i = 1_000; i < 5_000; i++) {
      assertFalse(add(store, provider(i, i), source(i)));
    }
    for (int i = 0; i < LIMITS.maxProviders(); i++) {
      assertEquals(1, store.providers(key(i)).size());
    }
    assertTrue(add(store, provider(5, 5), source(5)), "a present one is refreshed");
  }

  @Test
  public void sharesOneKeyFairlyBetweenSources() {
    RecordStore store = open(LIMITS, clock);
    add(store, provider(1, 0), source(0));
    for (int i = 1; i < 1_000; i++) {
      add(store, provider(1, i), source(1));
    }
    assertEquals(LIMITS.maxProvidersPerKey(), store.providers(key(1)).size());

    ProviderRecord late = provider(1, 2_000);
    assertTrue(add(store, late, source(2)));

    List<ProviderRecord> found = store.providers(key(1));
    assertEquals(LIMITS.maxProvidersPerKey(), found.size());
    assertEquals(peer(0), found.get(0).provider().id());
    assertEquals(late, found.get(found.size() - 1));
    assertEquals(LIMITS.maxProvidersPerKey(), store.providerCount());
    for (int i = 3_000; i < 4_000; i++) {
      add(store, provider(1, i), source(3));
      add(store, provider(1, 10_000 + i), source(4));
    }
    found = store.providers(key(1));
    assertTrue(found.contains(late));
    assertEquals(peer(0), found.get(0).provider().id());
  }

  @Test
  public void keepsItsOwnNodesRecordsWhateverHappens() {
    RecordStore store = open(LIMITS, clock);
    List<ProviderRecord> own = new ArrayList<>();
    for (int i = 0; i < 2 * LIMITS.maxKeysPerProvider(); i++) {
      own.add(provider(i, 0));
      assertTrue(add(store, own.get(i), RecordStore.SELF));
    }
    for (int i = 0; i < 10_000; i++) {
      add(store, provider(i % 50, 1 + i), source(i % 7));
      add(store, provider(i % 50, 0, "/ip4/198.51.100.1/tcp/1"), source(8));
    }

    time.advance(Duration.ofDays(30));
    store.removeExpired();

    assertEquals(own, store.ownProviders());
    assertEquals(own.size(), store.providerCount() - store.providers(key(49)).size());
    assertEquals(List.of(own.get(3)), store.providers(key(3)));
    store.removeProvider(key(3), peer(0));
    assertEquals(own.size() - 1, store.ownProviders().size());
    assertEquals(List.of(), store.providers(key(3)));
  }

  @Test
  public void keepsAValueUntilItExpires() {
    RecordStore store = open(LIMITS, clock);
    assertTrue(put(store, value(1, "old"), source(1)));
    time.advance(Duration.ofHours(30));
    ValueRecord newer = value(1, "new");
    assertTrue(put(store, newer, source(2)));
    assertTrue(put(store, value(2, "other"), source(1)));

    assertEquals(Optional.of(newer), store.value(newer.key()));
    assertEquals(2, store.valueCount());
    assertEquals(Optional.empty(), store.value(text("/ns/3")));
    store.removeValue(value(2, "").key());
    store.removeValue(value(3, "").key());
    assertEquals(1, store.valueCount());

    time.advance(Duration.ofHours(35));
    assertEquals(Optional.of(newer), store.value(newer.key()));
    time.advance(Duration.ofHours(1));
    assertEquals(Optional.empty(), store.value(newer.key()));
    store.removeExpired();
    assertEquals(0, store.valueCount());
  }

  @Test
  public void sharesTheRoomForValuesFairly() {
    RecordStore store = open(LIMITS, clock);
    String hundred = "x".repeat(95);
    for (int i = 0; i < 1_000; i++) {
      put(store, value(i, hundred), source(1));
    }
    int perSource = store.valueCount();
    assertEquals(10, perSource, "4,000 bytes of a source, 400 for a value");
    for (int i = 0; i < 1_000; i++) {
      put(store, value(1_000 + i, hundred), source(2));
      put(store, value(2_000 + i, hundred), source(3));
    }
    assertEquals(24, store.valueCount(), "10,000 bytes in all");
    assertEquals(Optional.empty(), store.value(value(1, "").key()));

    String large = "x".repeat(4_000);
    assertEquals(
        Outcome.TOO_MUCH,
        store.putValue(value(7, large), source(4)),
        "one that no source may store");
    assertEquals(
        Outcome.TOO_MUCH, store.putValue(value(8, large), source(1)), "nor in place of another");
    assertEquals(24, store.valueCount());
    assertTrue(put(store, value(3_000, hundred), source(5)));
    assertEquals(24, store.valueCount());
  }

  @Test
  public void keepsItsOwnNodesValues() {
    RecordStore store = open(LIMITS, clock);
    ValueRecord own = value(1, "x".repeat(20_000));
    assertTrue(put(store, own, RecordStore.SELF));

    time.advance(Duration.ofDays(30));
    store.removeExpired();

    assertEquals(List.of(own), store.ownValues());
    assertEquals(Optional.of(own), store.value(own.key()));
    ValueRecord echo = new ValueRecord(own.key(), own.value(), clock.instant());
    assertTrue(put(store, echo, source(1)), "it is its own still when others send it back");
    assertEquals(List.of(echo), store.ownValues());
    assertTrue(put(store, value(1, "better"), source(1)));
    assertEquals(List.of(), store.ownValues());
    assertEquals(1, store.valueCount());
  }

  @Test
  public void staysWithinItsLimitsWhateverIsDone() {
    Property.forAll(
        20,
        random -> {
          RecordStore store = open(LIMITS, clock);
          int own = 0;
          for (int step = 0; step < 1_500; step++) {
            int key = random.nextInt(40);
            int peer = random.nextInt(12);
            String from = source(random.nextInt(1 + peer));
            switch (random.nextInt(12)) {
              case 0 -> store.removeProvider(key(key), peer(peer));
              case 1 -> store.removeValue(value(key, "").key());
              case 2 -> time.advance(Duration.ofMinutes(random.nextInt(200)));
              case 3 -> store.removeExpired();
              case 4, 5 -> put(store, value(key, "x".repeat(random.nextInt(3_000))), from);
              case 6 -> {
                add(store, provider(key, 99), RecordStore.SELF);
                own++;
              }
              default -> {
                ProviderRecord record = provider(key, peer);
                boolean kept = add(store, record, from);
                assertEquals(kept, store.providers(key(key)).contains(record));
              }
            }
            assertTrue(
                store.providerCount() - store.ownProviders().size() <= LIMITS.maxProviders());
            assertTrue(store.valueCount() * 300L <= LIMITS.maxValueBytes());
          }
          Map<PeerId, Integer> keysOf = new HashMap<>();
          int found = 0;
          for (int key = 0; key < 40; key++) {
            List<ProviderRecord> providers = store.providers(key(key));
            found += providers.size();
            assertTrue(providers.size() <= LIMITS.maxProvidersPerKey() + 1, "and the own one");
            providers.forEach(record -> keysOf.merge(record.provider().id(), 1, Integer::sum));
          }
          assertTrue(store.ownProviders().size() <= own);
          keysOf.remove(peer(99));
          keysOf.values().forEach(count -> assertTrue(count <= LIMITS.maxKeysPerProvider()));
          store.removeExpired();
          assertEquals(found, store.providerCount());
          time.advance(Duration.ofDays(3));
          store.removeExpired();
          assertEquals(store.ownProviders().size(), store.providerCount());
          assertEquals(0, store.valueCount());
        });
  }
}
