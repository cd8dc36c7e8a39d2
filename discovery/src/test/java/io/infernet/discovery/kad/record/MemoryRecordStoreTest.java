package io.infernet.discovery.kad.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MemoryRecordStoreTest extends RecordStoreContract {

  @Override
  protected RecordStore open(RecordLimits limits, Clock clock) {
    return new MemoryRecordStore(limits, clock);
  }

  /** What a listener remembers of the changes that it hears. */
  private static final class Mirror implements RecordChanges {
    final Map<List<Object>, ProviderRecord> providers = new LinkedHashMap<>();
    final Map<ByteBuffer, ValueRecord> values = new LinkedHashMap<>();

    @Override
    public void onProviderStored(ProviderRecord record, String source) {
      providers.put(List.of(record.key(), record.provider().id()), record);
    }

    @Override
    public void onProviderRemoved(Multihash key, PeerId provider) {
      assertTrue(providers.remove(List.of(key, provider)) != null);
    }

    @Override
    public void onValueStored(ValueRecord record, String source) {
      values.put(ByteBuffer.wrap(record.key()), record);
    }

    @Override
    public void onValueRemoved(byte[] key) {
      assertTrue(values.remove(ByteBuffer.wrap(key)) != null);
    }
  }

  @Test
  void tellsOfEveryChange() {
    Mirror mirror = new Mirror();
    MemoryRecordStore store = new MemoryRecordStore(LIMITS, clock, mirror);
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 5_000; i++) {
      int peer = random.nextInt(12);
      int key = random.nextInt(40);
      switch (random.nextInt(9)) {
        case 0 -> store.removeProvider(key(key), peer(peer));
        case 1 -> time.advance(Duration.ofMinutes(random.nextInt(400)));
        case 2 -> store.removeValue(value(key, "").key());
        case 3, 4 -> store.putValue(value(key, "x".repeat(random.nextInt(3_000))), "s" + peer / 3);
        default -> store.addProvider(provider(key, peer), "s" + peer / 3);
      }
      assertEquals(mirror.providers.size(), store.providerCount());
      assertEquals(mirror.values.size(), store.valueCount());
    }
    store.removeExpired();
    for (int key = 0; key < 40; key++) {
      int n = key;
      assertEquals(
          store.value(value(key, "").key()),
          mirror.values.values().stream()
              .filter(v -> new String(v.key(), StandardCharsets.UTF_8).equals("/ns/" + n))
              .findFirst());
      List<ProviderRecord> expected = new ArrayList<>(mirror.providers.values());
      expected.removeIf(record -> !record.key().equals(key(n)));
      assertEquals(new HashSet<>(expected), new HashSet<>(store.providers(key(key))));
    }
  }

  @Test
  void showsItsDefaults() {
    assertEquals(
        new RecordLimits(
            100_000, 512, 2_000, Duration.ofHours(48), 16_777_216, 1_048_576, Duration.ofHours(36)),
        RecordLimits.defaults());
  }

  @Test
  void rejectsLimitsThatAllowNothing() {
    Duration day = Duration.ofDays(1);
    for (int i = 0; i < 5; i++) {
      int[] limits = {1, 1, 1, 1, 1};
      limits[i] = 0;
      assertThrows(
          IllegalArgumentException.class,
          () -> new RecordLimits(limits[0], limits[1], limits[2], day, limits[3], limits[4], day));
    }
    assertThrows(
        IllegalArgumentException.class, () -> new RecordLimits(1, 1, 1, Duration.ZERO, 1, 1, day));
    assertThrows(
        IllegalArgumentException.class, () -> new RecordLimits(1, 1, 1, day, 1, 1, day.negated()));
  }
}
