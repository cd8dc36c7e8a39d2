package io.infernet.node.batch.file;

import com.fasterxml.jackson.core.io.JsonStringEncoder;

/**
 * What a line of the input calls itself, and the result's line after it: a string or a whole
 * number. {@code 7} and {@code "7"} are different ids.
 *
 * @param text the string, or the number's digits
 * @param number whether it is a number
 */
public record ItemId(String text, boolean number) {

  public ItemId {
    if (number ? !text.matches("-?\\d{1,19}") : text.isEmpty()) {
      throw new IllegalArgumentException("not an id: " + text);
    }
  }

  static ItemId of(String text) {
    return new ItemId(text, false);
  }

  static ItemId of(long number) {
    return new ItemId(Long.toString(number), true);
  }

  /** As it stands in the files. */
  @Override
  public String toString() {
    return number
        ? text
        : '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
  }
}
