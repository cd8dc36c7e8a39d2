package io.infernet.inference.engine.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.engine.remote.EventStreamParser.Event;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class EventStreamParserTest {

  private static List<Event> parse(String stream, int... cuts) {
    EventStreamParser parser = new EventStreamParser(1_000);
    List<Event> events = new ArrayList<>();
    byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
    int from = 0;
    for (int cut : cuts) {
      parser.feed(ByteBuffer.wrap(bytes, from, cut - from), events::add);
      from = cut;
    }
    parser.feed(ByteBuffer.wrap(bytes, from, bytes.length - from), events::add);
    return events;
  }

  @Test
  void readsEventsWithEveryLineEnding() {
    List<Event> expected = List.of(new Event("", "a"), new Event("", "b\nc"));
    assertEquals(expected, parse("data: a\n\ndata: b\ndata: c\n\n"));
    assertEquals(expected, parse("data: a\r\n\r\ndata: b\r\ndata: c\r\n\r\n"));
    assertEquals(expected, parse("data: a\r\rdata: b\rdata: c\r\r"));
  }

  @Test
  void passesOverCommentsAndUnknownFields() {
    assertEquals(
        List.of(new Event("error", "x")),
        parse("\uFEFF: keep-alive\n\n:\n\nid: 7\nretry: 3\nevent: error\ndata:x\n\n\n\n"));
  }

  @Test
  void leavesOutAnEventThatIsNotComplete() {
    assertEquals(List.of(new Event("", "a")), parse("data: a\n\ndata: b\n"));
  }

  @Test
  void hearsTheSameHoweverTheStreamIsCut() {
    String stream =
        ": hi\r\n\r\ndata: äöü 🦊\r\n\r\nevent: e\ndata: 1\ndata: 2\n\ndata: [DONE]\n\n";
    List<Event> whole = parse(stream);
    assertEquals(3, whole.size());
    int length = stream.getBytes(StandardCharsets.UTF_8).length;
    for (long seed = 0; seed < 200; seed++) {
      int[] cuts = new SplittableRandom(seed).ints(5, 0, length + 1).sorted().toArray();
      assertEquals(whole, parse(stream, cuts), "seed " + seed + " " + Arrays.toString(cuts));
    }
  }

  @Test
  void refusesEventsWithoutEnd() {
    assertThrows(IllegalArgumentException.class, () -> parse("data: " + "x".repeat(1_000)));
    assertThrows(IllegalArgumentException.class, () -> parse("data:\n".repeat(500)));
    assertThrows(IllegalArgumentException.class, () -> parse("x".repeat(1_001)));
    assertThrows(IllegalArgumentException.class, () -> parse(":" + "x".repeat(1_001)));
  }

  @Test
  void takesCommentsForever() {
    assertTrue(parse(": still here\n\n".repeat(10_000)).isEmpty());
    assertTrue(parse(": still here\n".repeat(10_000)).isEmpty());
  }
}
