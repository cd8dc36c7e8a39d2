package io.infernet.libp2p.multiformats;

import java.io.ByteArrayOutputStream;
import java.util.Base64;
import java.util.Locale;

/**
 * Base encodings that name themselves by their first character; the five that libp2p and IPFS
 * write. Decoding is strict: one text for each byte string.
 *
 * @see <a href="https://github.com/multiformats/multibase">multibase</a>
 */
public enum Multibase {
  BASE16('f'),
  BASE32('b'),
  BASE36('k'),
  BASE58BTC('z'),
  BASE64URL('u');

  /** Longest text that {@link #decode} takes, prefix included. */
  public static final int MAX_TEXT_LENGTH = BaseX.MAX_TEXT_LENGTH;

  private static final String HEX = "0123456789abcdef";
  private static final String RFC4648_LOWER = "abcdefghijklmnopqrstuvwxyz234567";
  private static final BaseX BASE36_CODEC =
      new BaseX("base36", "0123456789abcdefghijklmnopqrstuvwxyz");

  private final char prefix;

  Multibase(char prefix) {
    this.prefix = prefix;
  }

  public char prefix() {
    return prefix;
  }

  /** The text of {@code bytes}, prefix first. */
  public String encode(byte[] bytes) {
    return prefix + encodeWithoutPrefix(bytes);
  }

  /**
   * The bytes of a prefixed text.
   *
   * @throws IllegalArgumentException when the prefix is unknown, the text too long or not what
   *     {@link #encode} would make
   */
  public static byte[] decode(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("multibase text is empty");
    }
    if (text.length() > MAX_TEXT_LENGTH) {
      throw new IllegalArgumentException(
          "multibase text has " + text.length() + " characters, at most " + MAX_TEXT_LENGTH);
    }
    return ofPrefix(text.charAt(0)).decodeWithoutPrefix(text.substring(1));
  }

  String encodeWithoutPrefix(byte[] bytes) {
    return switch (this) {
      case BASE16 -> encodeBits(bytes, HEX, 4);
      case BASE32 -> encodeBits(bytes, RFC4648_LOWER, 5);
      case BASE36 -> BASE36_CODEC.encode(bytes);
      case BASE58BTC -> Base58.encode(bytes);
      case BASE64URL -> Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    };
  }

  byte[] decodeWithoutPrefix(String text) {
    return switch (this) {
      case BASE16 -> decodeBits(text, HEX, 4);
      case BASE32 -> decodeBits(text, RFC4648_LOWER, 5);
      case BASE36 -> BASE36_CODEC.decode(text);
      case BASE58BTC -> Base58.decode(text);
      case BASE64URL -> {
        byte[] bytes = Base64.getUrlDecoder().decode(text);
        // The JDK takes padding and stray low bits, which would give a value several names.
        if (!encodeWithoutPrefix(bytes).equals(text)) {
          throw new IllegalArgumentException("base64url text is not in its canonical form");
        }
        yield bytes;
      }
    };
  }

  private static Multibase ofPrefix(char prefix) {
    for (Multibase base : values()) {
      if (base.prefix == prefix) {
        return base;
      }
    }
    throw new IllegalArgumentException(
        String.format("unknown multibase prefix U+%04X", (int) prefix));
  }

  private static String encodeBits(byte[] bytes, String alphabet, int bitsPerDigit) {
    StringBuilder text = new StringBuilder(bytes.length * 8 / bitsPerDigit + 1);
    int pending = 0;
    int bits = 0;
    for (byte b : bytes) {
      pending = (pending << 8 | (b & 0xff)) & 0xffff;
      bits += 8;
      while (bits >= bitsPerDigit) {
        bits -= bitsPerDigit;
        text.append(alphabet.charAt(pending >>> bits & (1 << bitsPerDigit) - 1));
      }
    }
    if (bits > 0) {
      text.append(alphabet.charAt(pending << (bitsPerDigit - bits) & (1 << bitsPerDigit) - 1));
    }
    return text.toString();
  }

  private byte[] decodeBits(String text, String alphabet, int bitsPerDigit) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length() * bitsPerDigit / 8);
    int pending = 0;
    int bits = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = alphabet.indexOf(text.charAt(i));
      if (digit < 0) {
        throw new IllegalArgumentException(
            String.format(
                "character U+%04X at %d is not in the %s alphabet",
                (int) text.charAt(i), i, name().toLowerCase(Locale.ROOT)));
      }
      pending = (pending << bitsPerDigit | digit) & 0xffff;
      bits += bitsPerDigit;
      if (bits >= 8) {
        bits -= 8;
        bytes.write(pending >>> bits);
      }
    }
    if (bits >= bitsPerDigit || (pending & (1 << bits) - 1) != 0) {
      throw new IllegalArgumentException("base text ends in the middle of a byte");
    }
    return bytes.toByteArray();
  }
}
