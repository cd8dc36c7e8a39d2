package io.infernet.libp2p.multiformats;

import java.util.Arrays;

/**
 * Positional number encoding with any alphabet, each leading zero byte kept as one zero digit. Time
 * grows with the square of the length, so text is limited to {@link #MAX_TEXT_LENGTH}.
 */
final class BaseX {

  /** Longest text that is decoded; a peer id has at most 62 characters. */
  static final int MAX_TEXT_LENGTH = 512;

  private final String name;
  private final String alphabet;
  private final byte[] digitOf = new byte[128];

  BaseX(String name, String alphabet) {
    this.name = name;
    this.alphabet = alphabet;
    Arrays.fill(digitOf, (byte) -1);
    for (int i = 0; i < alphabet.length(); i++) {
      digitOf[alphabet.charAt(i)] = (byte) i;
    }
  }

  String encode(byte[] bytes) {
    int zeros = skipZeros(bytes, 0);
    byte[] number = bytes.clone();
    // log2(36) > 5, so this many digits are enough for every alphabet in use.
    char[] digits = new char[zeros + (bytes.length - zeros) * 8 / 5 + 1];
    int position = digits.length;
    for (int start = zeros; start < number.length; ) {
      digits[--position] = alphabet.charAt(divide(number, start, 256, alphabet.length()));
      start = skipZeros(number, start);
    }
    for (int i = 0; i < zeros; i++) {
      digits[--position] = alphabet.charAt(0);
    }
    return new String(digits, position, digits.length - position);
  }

  byte[] decode(String text) {
    if (text.length() > MAX_TEXT_LENGTH) {
      throw new IllegalArgumentException(
          name + " text has " + text.length() + " characters, at most " + MAX_TEXT_LENGTH);
    }
    byte[] digits = new byte[text.length()];
    for (int i = 0; i < digits.length; i++) {
      char c = text.charAt(i);
      byte digit = c < digitOf.length ? digitOf[c] : -1;
      if (digit < 0) {
        throw new IllegalArgumentException(
            String.format("character U+%04X at %d is not in the %s alphabet", (int) c, i, name));
      }
      digits[i] = digit;
    }
    int zeros = skipZeros(digits, 0);
    byte[] bytes = new byte[digits.length];
    int position = bytes.length;
    for (int start = zeros; start < digits.length; ) {
      bytes[--position] = (byte) divide(digits, start, alphabet.length(), 256);
      start = skipZeros(digits, start);
    }
    return Arrays.copyOfRange(bytes, position - zeros, bytes.length);
  }

  private static int skipZeros(byte[] number, int start) {
    int position = start;
    while (position < number.length && number[position] == 0) {
      position++;
    }
    return position;
  }

  /** Divides the big-endian number in place and returns the remainder. */
  private static int divide(byte[] number, int start, int base, int divisor) {
    int remainder = 0;
    for (int i = start; i < number.length; i++) {
      int dividend = remainder * base + (number[i] & 0xff);
      number[i] = (byte) (dividend / divisor);
      remainder = dividend % divisor;
    }
    return remainder;
  }
}
