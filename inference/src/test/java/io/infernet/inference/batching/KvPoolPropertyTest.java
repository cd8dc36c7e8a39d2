package io.infernet.inference.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.batching.KvPool.Extent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Against a model that knows only which sequence wrote what at each place. */
class KvPoolPropertyTest {

  private record Owner(int name, Extent extent) {}

  @Test
  void keepsWhatEachSequenceWroteAndFindsRoomWheneverThereIsSome() {
    for (long seed = 0; seed < 300; seed++) {
      try {
        run(new SplittableRandom(seed));
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  private static void run(SplittableRandom random) {
    int size = 1 + random.nextInt(200);
    long[] cache = new long[size];
    KvPool pool = new KvPool(size, (from, to, n) -> System.arraycopy(cache, from, cache, to, n));
    List<Owner> owners = new ArrayList<>();
    int names = 0;
    for (int i = 0; i < 400; i++) {
      int free = size - owners.stream().mapToInt(owner -> owner.extent.capacity()).sum();
      assertEquals(free, pool.free());
      int what = random.nextInt(10);
      if (what < 4 || owners.isEmpty()) {
        int least = 1 + random.nextInt(Math.max(1, size / 4));
        int wanted = least + random.nextInt(20);
        Optional<Extent> extent = pool.allocate(least, wanted);
        assertEquals(least <= free, extent.isPresent());
        if (extent.isPresent()) {
          int capacity = extent.get().capacity();
          assertTrue(capacity >= least && capacity <= wanted);
          owners.add(new Owner(names++, extent.get()));
        }
      } else {
        Owner owner = owners.get(random.nextInt(owners.size()));
        Extent extent = owner.extent;
        if (what < 6) {
          int least = extent.capacity() + random.nextInt(20);
          boolean fits = least - extent.capacity() <= free;
          assertEquals(fits, pool.grow(extent, least, least + random.nextInt(20)));
          assertTrue(!fits || extent.capacity() >= least);
        } else if (what < 8) {
          int used = extent.used();
          extent.use(used + random.nextInt(extent.capacity() - used + 1));
          for (int place = used; place < extent.used(); place++) {
            cache[extent.start() + place] = owner.name * 1000L + place;
          }
        } else if (what < 9) {
          pool.shrink(extent, random.nextInt(extent.capacity() + 1));
        } else {
          pool.free(extent);
          owners.remove(owner);
        }
      }
      check(pool, owners, cache);
    }
    owners.forEach(owner -> pool.free(owner.extent));
    assertEquals(size, pool.free());
    assertEquals(size, pool.largestHole());
  }

  private static void check(KvPool pool, List<Owner> owners, long[] cache) {
    int end = 0;
    for (Extent extent : pool.extents()) {
      assertTrue(extent.start() >= end, "extents overlap");
      end = extent.start() + extent.capacity();
    }
    assertTrue(end <= cache.length);
    assertEquals(owners.size(), pool.extents().size());
    for (Owner owner : owners) {
      for (int place = 0; place < owner.extent.used(); place++) {
        assertEquals(owner.name * 1000L + place, cache[owner.extent.start() + place]);
      }
    }
  }
}
