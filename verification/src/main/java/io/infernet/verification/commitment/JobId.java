package io.infernet.verification.commitment;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/**
 * The name of a job, chosen at random by its client: {@value #LENGTH} bytes, the same for all
 * attempts. An immutable value; {@link #parse} and {@link #toString} round-trip.
 */
public final class JobId {

  public static final int LENGTH = 16;

  private final byte[] bytes;

  private JobId(byte[] bytes) {
    if (bytes.length != LENGTH) {
      throw new IllegalArgumentException("a job id has 16 bytes, not " + bytes.length);
    }
    this.bytes = bytes;
  }

  public static JobId random(RandomGenerator random) {
    byte[] bytes = new byte[LENGTH];
    random.nextBytes(bytes);
    return new JobId(bytes);
  }

  /**
   * The name of those bytes.
   *
   * @throws IllegalArgumentException unless there are {@value #LENGTH}
   */
  public static JobId fromBytes(byte[] bytes) {
    return new JobId(bytes.clone());
  }

  /**
   * Reads 32 hex digits.
   *
   * @throws IllegalArgumentException with a message for the user when it is something else
   */
  public static JobId parse(String hex) {
    if (!hex.matches("[0-9a-fA-F]{32}")) {
      throw new IllegalArgumentException("not a job id: it needs 32 hex digits");
    }
    return new JobId(HexFormat.of().parseHex(hex));
  }

  public byte[] toBytes() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof JobId that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** 32 lower-case hex digits. */
  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes);
  }
}
