package io.infernet.libp2p.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PropertyTest {

  @Test
  void givesTheSameCasesInEveryRun() {
    List<Long> first = new ArrayList<>();
    List<Long> second = new ArrayList<>();
    Property.forAll(20, random -> first.add(random.nextLong()));
    Property.forAll(20, random -> second.add(random.nextLong()));
    assertEquals(first, second);
    assertEquals(20, first.stream().distinct().count());
  }

  @Test
  void printsTheSeedOfTheCaseThatFails() {
    List<Long> drawn = new ArrayList<>();
    AssertionError failure =
        assertThrows(
            AssertionError.class,
            () ->
                Property.forAll(
                    20,
                    random -> {
                      drawn.add(random.nextLong());
                      assertTrue(drawn.size() < 5, "the fifth fails");
                    }));
    assertEquals(5, drawn.size());
    String seed = failure.getMessage().replaceAll(".*=(0x[0-9a-f]+).*", "$1");
    assertEquals(
        drawn.get(4),
        new SplittableRandom(Long.parseUnsignedLong(seed.substring(2), 16)).nextLong());
  }
}
