package io.infernet.libp2p.host;

import java.time.Duration;

/** Checks of config records; each throws {@link IllegalArgumentException} naming the setting. */
public final class Limits {

  private Limits() {}

  public static void requirePositive(long value, String name) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + " must be positive, not " + value);
    }
  }

  public static void requirePositive(Duration value, String name) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " must be positive, not " + value);
    }
  }

  public static void requireNotNegative(Duration value, String name) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + " must not be negative: " + value);
    }
  }

  public static <T extends Comparable<T>> void requireAtLeast(
      T value, T least, String name, String leastName) {
    if (value.compareTo(least) < 0) {
      throw new IllegalArgumentException(
          name + " (" + value + ") must not be below " + leastName + " (" + least + ")");
    }
  }
}
