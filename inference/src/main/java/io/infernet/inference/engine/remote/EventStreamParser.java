package io.infernet.inference.engine.remote;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Cuts a byte stream into server-sent events, however it comes in pieces: lines end in LF, CR or
 * both; comments and unknown fields are passed over. Holds at most one event. Used by one thread at
 * a time.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">Server-sent
 *     events</a>
 */
final class EventStreamParser {

  /**
   * One event.
   *
   * @param name empty when the stream gives none
   * @param data its lines, joined by line feeds
   */
  record Event(String name, String data) {}

  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private final int maxEventBytes;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private final StringBuilder data = new StringBuilder();
  private String name = "";
  private int eventBytes;
  private boolean first = true;
  private boolean afterReturn;

  /**
   * @param maxEventBytes longest event, its comments included
   */
  EventStreamParser(int maxEventBytes) {
    this.maxEventBytes = maxEventBytes;
  }

  /**
   * Takes the next bytes and reports the events that they complete.
   *
   * @throws IllegalArgumentException when an event is too long
   */
  void feed(ByteBuffer bytes, Consumer<Event> events) {
    while (bytes.hasRemaining()) {
      byte b = bytes.get();
      boolean secondHalf = b == '\n' && afterReturn;
      afterReturn = b == '\r';
      if (secondHalf) {
        continue;
      }
      if (b == '\n' || b == '\r') {
        endLine(events);
      } else {
        count(1);
        line.write(b);
      }
    }
  }

  private void count(int bytes) {
    eventBytes += bytes;
    if (eventBytes > maxEventBytes) {
      throw new IllegalArgumentException(
          "it sent an event of more than " + maxEventBytes + " bytes");
    }
  }

  private void endLine(Consumer<Event> events) {
    String text = line.toString(StandardCharsets.UTF_8);
    line.reset();
    if (first) {
      first = false;
      text = text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
    }
    if (text.isEmpty()) {
      endEvent(events);
      return;
    }
    // An event of nothing but empty lines of data must not grow without end either.
    count(1);
    if (text.charAt(0) == ':') {
      if (data.isEmpty() && name.isEmpty()) {
        // Comments keep a connection alive for as long as nothing else comes.
        eventBytes = 0;
      }
      return;
    }
    int colon = text.indexOf(':');
    String field = colon < 0 ? text : text.substring(0, colon);
    String value = colon < 0 ? "" : text.substring(colon + 1);
    value = value.startsWith(" ") ? value.substring(1) : value;
    if (field.equals("data")) {
      data.append(value).append('\n');
    } else if (field.equals("event")) {
      name = value;
    }
  }

  private void endEvent(Consumer<Event> events) {
    if (!data.isEmpty()) {
      data.setLength(data.length() - 1);
      Event event = new Event(name, data.toString());
      reset();
      events.accept(event);
    } else {
      reset();
    }
  }

  private void reset() {
    data.setLength(0);
    name = "";
    eventBytes = 0;
  }
}
