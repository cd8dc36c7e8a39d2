package io.infernet.libp2p.muxer.yamux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StreamIdWindowPropertyTest {

  @Test
  void acceptsEachIdOnceWithinTheWindow() {
    for (long seed = 0; seed < 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      StreamIdWindow window = new StreamIdWindow();
      Set<Long> used = new HashSet<>();
      int parity = random.nextInt(2);
      long highest = -1;
      for (int i = 0; i < 3000; i++) {
        long reach = random.nextInt(50) == 0 ? 3000 : 40;
        long index = Math.max(parity == 0 ? 1 : 0, highest + 20 - random.nextLong(reach));
        boolean expected = index > highest - StreamIdWindow.SIZE && used.add(index);
        highest = Math.max(highest, index);
        assertEquals(
            expected,
            window.use((int) (2 * index + parity)),
            "seed " + seed + ", step " + i + ", index " + index);
      }
    }
  }

  @Test
  void reachesToTheLastId() {
    StreamIdWindow window = new StreamIdWindow();
    assertTrue(window.use(1));
    assertTrue(window.use(0xFFFF_FFFF));
    assertTrue(window.use(0xFFFF_FFFD));
    assertFalse(window.use(0xFFFF_FFFF));
    assertFalse(window.use(3));
  }
}
