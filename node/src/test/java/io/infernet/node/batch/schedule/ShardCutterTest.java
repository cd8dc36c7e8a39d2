package io.infernet.node.batch.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.testing.Property;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ShardCutterTest {

  private static ShardCutter of(int... tokens) {
    ShardCutter cutter = new ShardCutter(100, 50);
    for (int item : tokens) {
      assertTrue(cutter.add(item));
    }
    return cutter;
  }

  @Test
  void cutsNearestToWhatIsWanted() {
    assertEquals(Optional.of(new ShardCutter.Cut(0, 2, 20)), of(10, 10, 10).peek(24));
    assertEquals(Optional.of(new ShardCutter.Cut(0, 3, 30)), of(10, 10, 10, 10).peek(26));
    assertEquals(Optional.of(new ShardCutter.Cut(0, 1, 1_000)), of(1_000, 10).peek(10));
    assertEquals(Optional.of(new ShardCutter.Cut(0, 2, 20)), of(10, 10).peek(1_000_000));
    assertEquals(Optional.empty(), of().peek(10));
  }

  @Test
  void takesEachItemOnceInItsOrder() {
    Property.forAll(
        200,
        random -> {
          int items = 1 + random.nextInt(300);
          ShardCutter cutter = new ShardCutter(1 + random.nextInt(20), 1 + random.nextInt(10));
          int added = 0;
          long total = 0;
          long next = 0;
          long cut = 0;
          while (next < items) {
            int tokens = 1 + random.nextInt(100);
            if (added < items && cutter.add(tokens)) {
              added++;
              total += tokens;
            } else {
              if (added == items && !cutter.hasEnded()) {
                cutter.end();
              }
              ShardCutter.Cut shard = cutter.peek(1 + random.nextInt(300)).orElseThrow();
              cutter.take(shard);
              assertEquals(next, shard.first());
              next += shard.items();
              cut += shard.tokens();
            }
            assertEquals(total - cut, cutter.waitingTokens());
          }
          assertTrue(cutter.isEmpty());
          assertEquals(total, cut);
        });
  }

  @Test
  void holdsABoundedNumberOfItems() {
    ShardCutter cutter = new ShardCutter(2, 1);
    assertTrue(cutter.add(5));
    assertTrue(cutter.add(5));
    assertFalse(cutter.add(5));
    cutter.take(cutter.peek(100).orElseThrow());
    assertTrue(cutter.add(5));
  }

  @Test
  void goesOnAfterARestart() {
    ShardCutter cutter = new ShardCutter(10, 10, 42);
    cutter.add(7);
    assertEquals(Optional.of(new ShardCutter.Cut(42, 1, 7)), cutter.peek(1));
  }

  @Test
  void refusesToTakeTwiceAndToAddAfterTheEnd() {
    ShardCutter cutter = of(10, 10);
    ShardCutter.Cut cut = cutter.peek(10).orElseThrow();
    cutter.take(cut);
    assertThrows(IllegalStateException.class, () -> cutter.take(cut));
    cutter.end();
    assertThrows(IllegalStateException.class, () -> cutter.add(1));
    assertThrows(IllegalArgumentException.class, () -> of(0));
  }
}
