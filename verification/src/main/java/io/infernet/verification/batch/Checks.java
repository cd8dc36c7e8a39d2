package io.infernet.verification.batch;

import java.time.Instant;
import java.util.List;

/** What constructors of this package demand. */
final class Checks {

  /** Characters of a reason or a name that a peer gives. */
  static final int MAX_TEXT = 500;

  private Checks() {}

  static void requireNotNegative(long value, String name) {
    if (value < 0) {
      throw new IllegalArgumentException(name + " is negative: " + value);
    }
  }

  static void requirePositive(long value, String name) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " is below 1: " + value);
    }
  }

  static void requireLine(String text, String name) {
    if (text.length() > MAX_TEXT || text.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(name + " is not one line of up to 500 characters");
    }
  }

  /** The time in whole milliseconds, as it travels. */
  static Instant millis(Instant time, String name) {
    requireNotNegative(time.toEpochMilli(), name);
    return Instant.ofEpochMilli(time.toEpochMilli());
  }

  /** Sorted, each once. */
  static List<Integer> stopIds(List<Integer> ids) {
    ids.forEach(id -> requireNotNegative(id, "a stop token"));
    return ids.stream().sorted().distinct().toList();
  }
}
