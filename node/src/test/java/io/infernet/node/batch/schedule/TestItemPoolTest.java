package io.infernet.node.batch.schedule;

import static io.infernet.node.batch.schedule.Operators.operator;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.testing.Property;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TestItemPoolTest {

  private static TestItemPool pool(double rate, int items, int tokens) {
    TestItemPool pool = new TestItemPool(rate, 100_000, new SplittableRandom(1));
    for (int i = 0; i < items; i++) {
      assertTrue(pool.add(new KnownItem(i, tokens, List.of())));
    }
    return pool;
  }

  @Test
  void keepsTheOrderOfRealItemsAndUsesEachTestOnce() {
    Property.forAll(
        100,
        random -> {
          TestItemPool pool = new TestItemPool(random.nextDouble(), 1_000, random);
          for (int i = 0; i < 200; i++) {
            pool.add(new KnownItem(i, 1 + random.nextInt(100), List.of()));
          }
          Set<Long> used = new HashSet<>();
          for (int shard = 0; shard < 20; shard++) {
            List<Integer> tokens = new ArrayList<>();
            for (int i = 0; i < 1 + random.nextInt(20); i++) {
              tokens.add(1 + random.nextInt(100));
            }
            MixedShard mixed = pool.mix(tokens, operator(1));
            int real = 0;
            for (MixedShard.Slot slot : mixed.slots()) {
              if (slot instanceof MixedShard.Real item) {
                assertEquals(real++, item.index());
              }
            }
            assertEquals(tokens.size(), real);
            mixed.tests().forEach(test -> assertTrue(used.add(test.id())));
          }
          assertEquals(200 - used.size(), pool.size());
        });
  }

  @Test
  void mixesInAtTheRate() {
    TestItemPool pool = pool(0.05, 10_000, 10);
    int tests = 0;
    for (int shard = 0; shard < 1_000; shard++) {
      tests += pool.mix(Collections.nCopies(30, 10), operator(1)).tests().size();
    }

    assertEquals(1_500, tests, 60);
  }

  @Test
  void standsAtEveryPlaceEquallyOften() {
    TestItemPool pool = pool(0.25, 10_000, 10);
    int[] at = new int[5];
    for (int shard = 0; shard < 5_000; shard++) {
      List<MixedShard.Slot> slots = pool.mix(List.of(10, 10, 10, 10), operator(1)).slots();
      assertEquals(5, slots.size());
      for (int i = 0; i < 5; i++) {
        at[i] += slots.get(i) instanceof MixedShard.Test ? 1 : 0;
      }
    }

    for (int count : at) {
      assertEquals(1_000, count, 120);
    }
  }

  @Test
  void takesOnlyWhatIsAboutAsLongAsTheRest() {
    TestItemPool pool = pool(1, 10, 1_000);

    assertEquals(List.of(), pool.mix(List.of(100, 120, 2_000), operator(1)).tests());
    assertEquals(2, pool.mix(List.of(900, 1_100), operator(1)).tests().size());
  }

  @Test
  void givesNobodyAnItemThatItsOperatorKnows() {
    TestItemPool pool = new TestItemPool(1, 10, new SplittableRandom(1));
    pool.add(new KnownItem(1, 10, List.of(operator(1), operator(2))));

    assertEquals(List.of(), pool.mix(List.of(10), operator(1)).tests());
    MixedShard mixed = pool.mix(List.of(10), operator(3));
    assertEquals(1, mixed.tests().size());
    assertEquals(List.of(operator(1), operator(2)), mixed.barred());
    assertEquals(0, pool.size());
  }

  @Test
  void holdsABoundedNumber() {
    TestItemPool pool = new TestItemPool(1, 1, new SplittableRandom(1));
    assertTrue(pool.add(new KnownItem(1, 10, List.of())));
    assertFalse(pool.add(new KnownItem(2, 10, List.of())));
    assertThrows(
        IllegalArgumentException.class, () -> new TestItemPool(1.1, 1, new SplittableRandom(1)));
    assertThrows(IllegalArgumentException.class, () -> new KnownItem(1, 0, List.of()));
  }
}
