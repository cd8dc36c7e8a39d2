package io.infernet.inference.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.testing.Property;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class StopStringsTest {

  @Test
  void holdsBackWhatMayBecomeAStop() {
    StopStrings stops = new StopStrings(List.of("END", "\n\n"));
    assertEquals("abc", stops.append("abcE"));
    assertEquals("", stops.append("N"));
    assertEquals("ENx", stops.append("x\n"));
    assertEquals("\ny", stops.append("y"));
    assertEquals("", stops.append("EN"));
    assertEquals("EN", stops.finish());
    assertFalse(stops.stopped());
  }

  @Test
  void endsBeforeTheStopThatIsCompleteFirst() {
    StopStrings stops = new StopStrings(List.of("later", "soon"));
    assertEquals("a ", stops.append("a soon b later"));
    assertTrue(stops.stopped());
    assertEquals("", stops.append("more"));
    assertEquals("", stops.finish());
  }

  @Test
  void letsEverythingThroughWithoutStops() {
    StopStrings stops = new StopStrings(List.of());
    assertEquals("anything", stops.append("anything"));
    assertEquals("", stops.finish());
  }

  @Test
  void doesNotCareWhereTheTextIsCut() {
    Property.forAll(
        2_000,
        random -> {
          List<String> stops =
              Stream.generate(() -> word(random, 4)).limit(random.nextInt(4)).toList();
          String text = word(random, 40);
          int end = -1;
          for (int complete = 1; end < 0 && complete <= text.length(); complete++) {
            String soFar = text.substring(0, complete);
            end =
                stops.stream()
                    .filter(soFar::endsWith)
                    .mapToInt(stop -> soFar.length() - stop.length())
                    .min()
                    .orElse(-1);
          }
          StopStrings matcher = new StopStrings(stops);
          StringBuilder out = new StringBuilder();
          for (int from = 0; from < text.length(); ) {
            int to = Math.min(text.length(), from + 1 + random.nextInt(5));
            out.append(matcher.append(text.substring(from, to)));
            String so = out.toString();
            assertTrue(text.startsWith(so), () -> so + " is not the beginning of " + text);
            from = to;
          }
          assertEquals(end >= 0, matcher.stopped());
          out.append(matcher.finish());
          assertEquals(end >= 0 ? text.substring(0, end) : text, out.toString());
        });
  }

  /** One to {@code max} letters of an alphabet so small that stops occur and overlap. */
  private static String word(RandomGenerator random, int max) {
    StringBuilder word = new StringBuilder();
    IntStream.rangeClosed(0, random.nextInt(max))
        .forEach(i -> word.append((char) ('a' + random.nextInt(2))));
    return word.toString();
  }

  @Test
  void refusesEmptyLongAndManyStops() {
    assertThrows(IllegalArgumentException.class, () -> new StopStrings(List.of("")));
    assertThrows(
        IllegalArgumentException.class,
        () -> new StopStrings(List.of("x".repeat(StopStrings.MAX_LENGTH + 1))));
    assertThrows(
        IllegalArgumentException.class,
        () -> new StopStrings(Collections.nCopies(StopStrings.MAX_STRINGS + 1, "x")));
  }
}
