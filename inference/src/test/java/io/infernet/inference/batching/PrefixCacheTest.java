package io.infernet.inference.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PrefixCacheTest {

  private static final int ALL = Integer.MAX_VALUE;

  private final List<String> copies = new ArrayList<>();
  private final PrefixCache cache = cache(1);

  private PrefixCache cache(int unit) {
    return new PrefixCache(
        100, (from, to, tokens) -> copies.add(from + ">" + to + ":" + tokens), 3, 4, unit, 2);
  }

  /** So many tokens, of which the first {@code same} are 0 to same - 1. */
  private static Sequence sequence(int length, int same, int other) {
    int[] ids = new int[length];
    for (int i = 0; i < length; i++) {
      ids[i] = i < same ? i : other;
    }
    return new Sequence(ids, ALL, ALL);
  }

  private Sequence ended(int length, int same, int other) {
    Sequence sequence = sequence(length, same, other);
    assertTrue(cache.activate(sequence, 0, length, length));
    sequence.advance(length);
    cache.keep(sequence);
    return sequence;
  }

  private boolean activate(Sequence sequence) {
    return cache.activate(sequence, sequence.length() - 1, sequence.length(), sequence.length());
  }

  @Test
  void copiesTheLongestCommonPrefix() {
    ended(20, 10, 101);
    Sequence best = ended(20, 15, 102);
    ended(20, 5, 103);
    Sequence sequence = sequence(20, 18, 104);
    assertTrue(activate(sequence));
    assertNull(cache.share(sequence, 19));
    assertEquals(15, sequence.computed());
    assertEquals(List.of(best.extent().start() + ">" + sequence.extent().start() + ":15"), copies);
    assertEquals(15, cache.reused());
    assertTrue(cache.consistent());
  }

  @Test
  void takesOverWhatIsWhollyCommon() {
    Sequence old = ended(20, 20, 0);
    Sequence sequence = sequence(30, 25, 104);
    assertTrue(activate(sequence));
    assertEquals(20, sequence.computed());
    assertFalse(old.placed());
    assertEquals(List.of(), copies);
    assertEquals(0, cache.keptTokens());
    assertTrue(cache.consistent());
  }

  @Test
  void takesOverAPartWhenThereIsNoRoomForACopy() {
    ended(80, 40, 101);
    Sequence sequence = sequence(50, 45, 104);
    assertTrue(activate(sequence));
    assertEquals(40, sequence.computed());
    assertEquals(50, sequence.extent().capacity());
    assertEquals(List.of(), copies);
    assertTrue(cache.consistent());
  }

  @Test
  void ignoresWhatIsTooShortToCopy() {
    ended(20, 3, 101);
    Sequence sequence = sequence(20, 20, 104);
    assertTrue(activate(sequence));
    assertNull(cache.share(sequence, 19));
    assertEquals(0, sequence.computed());
  }

  @Test
  void waitsForActiveOnesThatCameBefore() {
    Sequence first = sequence(20, 12, 101);
    Sequence second = sequence(20, 15, 102);
    assertTrue(activate(first));
    assertTrue(activate(second));
    assertNull(cache.share(first, 19));
    PrefixCache.Source source = cache.share(second, 19);
    assertNotNull(source);
    assertSame(first, source.sequence());
    assertEquals(12, source.tokens());
    first.advance(12);
    assertNull(cache.share(second, 19));
    assertEquals(12, second.computed());
    assertEquals(1, copies.size());
  }

  @Test
  void whatWasNotUsedForLongestGoesFirst() {
    Sequence first = ended(30, 0, 101);
    Sequence second = ended(30, 0, 102);
    Sequence user = new Sequence(first.slice(0, 30), ALL, ALL);
    assertTrue(activate(user));
    assertNull(cache.share(user, 29));
    cache.release(user);
    Sequence big = sequence(50, 50, 0);
    assertTrue(activate(big));
    assertTrue(first.placed());
    assertFalse(second.placed());
    assertTrue(cache.consistent());
  }

  @Test
  void keepsNoMoreThanItMayAndNothingTwice() {
    for (int i = 0; i < 5; i++) {
      ended(10, 0, 200 + i);
    }
    assertEquals(30, cache.keptTokens());
    ended(8, 0, 204);
    assertEquals(30, cache.keptTokens());
    ended(12, 0, 204);
    assertEquals(32, cache.keptTokens());
    cache.clear();
    assertEquals(0, cache.keptTokens());
    assertTrue(cache.consistent());
  }

  @Test
  void sharesOnlyWholePiecesWhenAskedTo() {
    PrefixCache whole = cache(8);
    Sequence old = new Sequence(sequence(30, 30, 0).slice(0, 30), 24, ALL);
    assertTrue(whole.activate(old, 0, 30, 30));
    old.advance(30);
    whole.keep(old);
    Sequence longer = sequence(40, 29, 104);
    assertTrue(whole.activate(longer, 39, 40, 40));
    whole.share(longer, 39);
    assertEquals(24, longer.computed());
    whole.release(longer);
    Sequence shorter = sequence(40, 23, 104);
    assertTrue(whole.activate(shorter, 39, 40, 40));
    whole.share(shorter, 39);
    assertEquals(16, shorter.computed());
  }

  @Test
  void takesBackReservedRoomWhenThereIsNoOther() {
    ended(30, 0, 101);
    Sequence reserving = sequence(10, 0, 102);
    assertTrue(cache.activate(reserving, 0, 10, 70));
    assertEquals(70, reserving.extent().capacity());
    assertTrue(activate(sequence(30, 0, 103)));
    assertEquals(70, reserving.extent().capacity());
    assertEquals(0, cache.keptTokens());
    assertTrue(activate(sequence(20, 0, 104)));
    assertEquals(12, reserving.extent().capacity());
    assertFalse(cache.activate(sequence(60, 0, 105), 0, 60, 60));
    assertTrue(cache.consistent());
  }

  @Test
  void nobodyHasAPlaceAfterItWasAbandoned() {
    Sequence kept = ended(30, 0, 101);
    Sequence active = sequence(10, 0, 102);
    assertTrue(activate(active));
    cache.abandon();
    assertFalse(kept.placed());
    assertFalse(active.placed());
    assertFalse(cache.active(active));
  }
}
