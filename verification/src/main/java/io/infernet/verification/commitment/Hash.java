package io.infernet.verification.commitment;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * A hash of {@value #LENGTH} bytes. An immutable value; {@link #parse} and {@link #toString}
 * round-trip.
 */
public final class Hash {

  public static final int LENGTH = 32;

  private final byte[] bytes;

  private Hash(byte[] bytes) {
    if (bytes.length != LENGTH) {
      throw new IllegalArgumentException("a hash has 32 bytes, not " + bytes.length);
    }
    this.bytes = bytes;
  }

  /**
   * The hash of those bytes.
   *
   * @throws IllegalArgumentException unless there are {@value #LENGTH}
   */
  public static Hash fromBytes(byte[] bytes) {
    return new Hash(bytes.clone());
  }

  /**
   * Reads 64 hex digits, {@code 0x} before them or not.
   *
   * @throws IllegalArgumentException with a message for the user when it is something else
   */
  public static Hash parse(String hex) {
    if (!hex.matches("(0x)?[0-9a-fA-F]{64}")) {
      throw new IllegalArgumentException("not a hash: it needs 64 hex digits");
    }
    return new Hash(HexFormat.of().parseHex(hex.substring(hex.length() - 2 * LENGTH)));
  }

  public byte[] toBytes() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Hash that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** 64 lower-case hex digits. */
  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes);
  }
}
