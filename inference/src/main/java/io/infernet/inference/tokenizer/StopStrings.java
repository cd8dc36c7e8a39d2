package io.infernet.inference.tokenizer;

import java.util.List;

/**
 * Watches streamed text for strings that end it. Text that may be the beginning of such a string is
 * held back until it is certain. The string that is complete first ends the text, wherever the text
 * is cut into pieces; of several that are complete at once, the longest. Confined to one thread.
 */
public final class StopStrings {

  /** Most stop strings of one request. */
  public static final int MAX_STRINGS = 16;

  /** Longest stop string in characters. */
  public static final int MAX_LENGTH = 1_000;

  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  /**
   * @param stops at most {@value #MAX_STRINGS}, none of them empty
   */
  public StopStrings(List<String> stops) {
    if (stops.size() > MAX_STRINGS) {
      throw new IllegalArgumentException("more than " + MAX_STRINGS + " stop strings");
    }
    for (String stop : stops) {
      if (stop.isEmpty() || stop.length() > MAX_LENGTH) {
        throw new IllegalArgumentException(
            "a stop string has 1 to " + MAX_LENGTH + " characters, not " + stop.length());
      }
    }
    this.stops = List.copyOf(stops);
  }

  /**
   * Takes the next piece of text.
   *
   * @return what of it, and of what was held back, is certainly part of the answer; once {@link
   *     #stopped}, nothing any more
   */
  public String append(String piece) {
    if (stopped) {
      return "";
    }
    held.append(piece);
    int end = -1;
    int complete = Integer.MAX_VALUE;
    for (String stop : stops) {
      int index = held.indexOf(stop);
      int last = index + stop.length();
      if (index >= 0 && (last < complete || (last == complete && index < end))) {
        complete = last;
        end = index;
      }
    }
    stopped = end >= 0;
    if (!stopped) {
      end = held.length() - longestBeginning();
    }
    String certain = held.substring(0, end);
    held.delete(0, stopped ? held.length() : end);
    return certain;
  }

  /** Length of the longest end of the held text that a stop string begins with. */
  private int longestBeginning() {
    int longest = 0;
    for (String stop : stops) {
      int length = Math.min(stop.length() - 1, held.length());
      while (length > longest && !endsWith(stop, length)) {
        length--;
      }
      longest = Math.max(longest, length);
    }
    return longest;
  }

  private boolean endsWith(String stop, int length) {
    int from = held.length() - length;
    for (int i = 0; i < length; i++) {
      if (held.charAt(from + i) != stop.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Whether a stop string has come. */
  public boolean stopped() {
    return stopped;
  }

  /** What was held back, when no more text comes. */
  public String finish() {
    String rest = held.toString();
    held.setLength(0);
    return rest;
  }
}
