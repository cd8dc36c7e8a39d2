package io.infernet.node.hardware;

/** Reading what programs print. Pure functions. */
final class Texts {

  /** Longest name that is kept, in characters. */
  static final int MAX_LENGTH = 96;

  /** Most bytes that a machine can plausibly have: a pebibyte. */
  private static final long MAX_BYTES = 1L << 50;

  private Texts() {}

  /** {@code text} in one line of at most {@link #MAX_LENGTH} characters. */
  static String clean(String text) {
    String line = text.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
    return line.length() > MAX_LENGTH ? line.substring(0, MAX_LENGTH).strip() : line;
  }

  /** So many {@code units} as bytes; 0 for what is no number or out of all proportion. */
  static long bytes(String text, long unit) {
    try {
      long number = Long.parseLong(text.strip());
      return number < 0 || number > MAX_BYTES / unit ? 0 : number * unit;
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
