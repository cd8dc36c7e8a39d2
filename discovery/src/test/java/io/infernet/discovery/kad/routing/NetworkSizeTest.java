package io.infernet.discovery.kad.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.testing.Property;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class NetworkSizeTest {

  @Test
  void saysNothingBeforeTheFirstLookUp() {
    assertEquals(OptionalDouble.empty(), new NetworkSize(5).get());
  }

  @Test
  void comesCloseToTheTrueSize() {
    Property.forAll(
        20,
        random -> {
          List<KadKey> peers = keys(random, 2_000);
          NetworkSize size = new NetworkSize(15);
          for (int i = 0; i < 15; i++) {
            KadKey target = key(random);
            size.add(target, closest(peers, target));
          }
          double estimate = size.get().orElseThrow();
          assertTrue(estimate > 1_500 && estimate < 2_600, () -> "estimate " + estimate);
        });
  }

  @Test
  void isNotMovedByCrowdsAroundAFewKeys() {
    Property.forAll(
        20,
        random -> {
          List<KadKey> peers = keys(random, 2_000);
          NetworkSize size = new NetworkSize(9);
          for (int i = 0; i < 9; i++) {
            KadKey target = key(random);
            // Of three look-ups in nine all answers come from peers right beside the key.
            size.add(
                target,
                i % 3 == 0 ? closest(keys(random, 10_000), target) : closest(peers, target));
          }
          double estimate = size.get().orElseThrow();
          assertTrue(estimate > 1_200 && estimate < 4_000, () -> "estimate " + estimate);
        });
  }

  private static List<KadKey> closest(List<KadKey> peers, KadKey target) {
    return peers.stream().sorted((Comparator<KadKey>) target::compareDistances).limit(20).toList();
  }

  private static List<KadKey> keys(RandomGenerator random, int count) {
    List<KadKey> keys = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      keys.add(key(random));
    }
    return keys;
  }

  private static KadKey key(RandomGenerator random) {
    return KadKey.ofDigest(Property.bytesOfLength(random, 32));
  }
}
