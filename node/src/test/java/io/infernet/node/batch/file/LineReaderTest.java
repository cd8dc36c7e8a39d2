package io.infernet.node.batch.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.testing.Property;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineReaderTest {

  private static LineReader reader(String text, int maxLine, int buffer) {
    return new LineReader(
        new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), maxLine, buffer);
  }

  private static List<String> lines(String text, int maxLine, int buffer) throws IOException {
    List<String> lines = new ArrayList<>();
    LineReader reader = reader(text, maxLine, buffer);
    while (reader.next()) {
      lines.add(
          reader.isTooLong()
              ? "#" + reader.size()
              : new String(
                  reader.bytes(), reader.offset(), (int) reader.size(), StandardCharsets.UTF_8));
    }
    return lines;
  }

  @Test
  void cutsAtLineFeedsAndTakesAwayCarriageReturns() throws IOException {
    assertEquals(List.of("a", "", "b\rc", "d"), lines("a\r\n\nb\rc\nd", 100, 64));
  }

  @Test
  void takesAwayAByteOrderMark() throws IOException {
    assertEquals(List.of("a", "\uFEFFb"), lines("\uFEFFa\n\uFEFFb\n", 100, 64));
  }

  @Test
  void keepsOnlyTheLengthOfALineThatIsTooLong() throws IOException {
    assertEquals(List.of("12345", "#6", "x"), lines("12345\r\n123456\r\nx\n", 5, 3));
    assertEquals(List.of("#100", "x"), lines("y".repeat(100) + "\nx", 5, 7));
  }

  @Test
  void saysWhetherTheLastLineIsTerminated() throws IOException {
    LineReader reader = reader("a\nb", 10, 16);
    assertTrue(reader.next());
    assertTrue(reader.isTerminated());
    assertEquals(2, reader.end());
    assertTrue(reader.next());
    assertFalse(reader.isTerminated());
    assertEquals(3, reader.end());
    assertFalse(reader.next());
  }

  @Test
  void cutsTheSameWhateverTheBuffer() {
    Property.forAll(
        500,
        random -> {
          StringBuilder text = new StringBuilder();
          for (int i = random.nextInt(60); i > 0; i--) {
            text.append(Property.pick(random, List.of("\n", "\r\n", "\r", "a", "bc", "é")));
          }
          int max = 1 + random.nextInt(8);
          assertEquals(
              lines(text.toString(), max, 1_000),
              lines(text.toString(), max, 1 + random.nextInt(9)));
        });
  }
}
