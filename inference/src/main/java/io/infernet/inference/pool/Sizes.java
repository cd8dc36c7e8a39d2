package io.infernet.inference.pool;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes of memory as text. Pure functions. */
public final class Sizes {

  private static final Pattern SIZE = Pattern.compile("(\\d{1,18})(B|KiB|MiB|GiB|TiB)?");

  private Sizes() {}

  /** In the largest unit of which there is one: {@code 14.2 GiB}, {@code 512.0 MiB}, 3 B. */
  public static String text(long bytes) {
    if (bytes >= 1L << 30) {
      return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
    }
    if (bytes >= 1L << 20) {
      return String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1L << 20));
    }
    if (bytes >= 1L << 10) {
      return String.format(Locale.ROOT, "%.1f KiB", bytes / (double) (1L << 10));
    }
    return bytes + " B";
  }

  /**
   * Reads {@code 2GiB}, {@code 512MiB}, {@code 1048576} and the like.
   *
   * @throws IllegalArgumentException for anything else, or what is not a long
   */
  public static long parse(String text) {
    Matcher matcher = SIZE.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("not a size: " + text);
    }
    String unit = matcher.group(2) == null ? "B" : matcher.group(2);
    long factor =
        switch (unit) {
          case "KiB" -> 1L << 10;
          case "MiB" -> 1L << 20;
          case "GiB" -> 1L << 30;
          case "TiB" -> 1L << 40;
          default -> 1;
        };
    long number = Long.parseLong(matcher.group(1));
    if (number > Long.MAX_VALUE / factor) {
      throw new IllegalArgumentException("not a size: " + text);
    }
    return number * factor;
  }

  /** The shortest text that {@link #parse} reads back as the same number. */
  public static String exact(long bytes) {
    for (int shift = 40; shift > 0; shift -= 10) {
      if (bytes != 0 && bytes % (1L << shift) == 0) {
        return (bytes >> shift) + " KMGT".substring(shift / 10, shift / 10 + 1) + "iB";
      }
    }
    return bytes + "B";
  }
}
