package io.infernet.inference.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.batching.KvPool.Extent;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KvPoolTest {

  private final List<String> moves = new ArrayList<>();
  private final KvPool pool =
      new KvPool(100, (from, to, tokens) -> moves.add(from + ">" + to + ":" + tokens));

  private Extent take(int places) {
    Extent extent = pool.allocate(places, places).orElseThrow();
    extent.use(places);
    return extent;
  }

  @Test
  void givesWhatIsWantedOrTheLargestHole() {
    assertEquals("0+0/60", pool.allocate(10, 60).orElseThrow().toString());
    assertEquals("60+0/40", pool.allocate(10, 60).orElseThrow().toString());
    assertTrue(pool.allocate(1, 1).isEmpty());
    assertEquals(0, pool.free());
  }

  @Test
  void takesTheSmallestHoleThatSuffices() {
    List<Extent> all = List.of(take(30), take(10), take(12), take(10), take(20), take(18));
    pool.free(all.get(0));
    pool.free(all.get(2));
    pool.free(all.get(4));
    assertEquals(40, take(11).start());
    assertEquals(72 - 10, take(20).start());
    assertEquals(0, take(21).start());
    assertEquals(List.of(), moves);
  }

  @Test
  void bringsScatteredRoomTogetherByMovingWhatIsSmall() {
    Extent big = take(40);
    Extent first = take(10);
    Extent small = take(5);
    Extent second = take(10);
    take(35);
    pool.free(first);
    pool.free(second);
    assertEquals(10, pool.largestHole());
    Extent extent = take(20);
    assertEquals(List.of("50>60:5"), moves);
    assertEquals(40, extent.start());
    assertEquals(60, small.start());
    assertEquals(0, big.start());
  }

  @Test
  void growsInPlaceIntoTheHoleBehind() {
    Extent extent = take(20);
    assertTrue(pool.grow(extent, 21, 30));
    assertEquals("0+20/30", extent.toString());
    assertEquals(70, pool.free());
    assertEquals(List.of(), moves);
  }

  @Test
  void growsByMovingWhenThatCopiesLess() {
    Extent extent = take(10);
    take(50);
    assertTrue(pool.grow(extent, 11, 20));
    assertEquals("60+10/20", extent.toString());
    assertEquals(List.of("0>60:10"), moves);
  }

  @Test
  void growsByMovingNeighboursWhenThatCopiesLess() {
    Extent extent = take(50);
    Extent next = take(5);
    assertTrue(pool.grow(extent, 80, 90));
    assertEquals("0+50/90", extent.toString());
    assertEquals(95, next.start());
    assertEquals(List.of("50>95:5"), moves);
  }

  @Test
  void doesNotGrowBeyondWhatIsFree() {
    Extent extent = take(50);
    take(40);
    assertFalse(pool.grow(extent, 61, 61));
    assertTrue(pool.grow(extent, 60, 60));
    assertEquals(0, pool.free());
  }

  @Test
  void copiesOnlyWhatIsUsed() {
    Extent extent = pool.allocate(10, 10).orElseThrow();
    extent.use(3);
    take(80);
    assertTrue(pool.grow(extent, 20, 20));
    assertEquals(List.of("10>20:80"), moves);
    pool.shrink(extent, 1);
    assertEquals(3, extent.capacity());
    assertEquals(17, pool.free());
  }

  @Test
  void refusesExtentsThatAreNotItsOwn() {
    Extent extent = take(10);
    pool.free(extent);
    assertThrows(IllegalStateException.class, () -> pool.free(extent));
    assertThrows(IllegalStateException.class, () -> pool.grow(extent, 11, 11));
    assertThrows(IllegalArgumentException.class, () -> extent.use(11));
    assertThrows(IllegalArgumentException.class, () -> pool.allocate(0, 0));
    assertThrows(IllegalArgumentException.class, () -> pool.allocate(5, 4));
    assertThrows(IllegalArgumentException.class, () -> new KvPool(0, (from, to, tokens) -> {}));
  }
}
