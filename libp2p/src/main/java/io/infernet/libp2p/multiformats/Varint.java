package io.infernet.libp2p.multiformats;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.ByteBuffer;

/**
 * Unsigned variable-length integers: seven bits a byte, least significant first, at most nine bytes
 * (2<sup>63</sup> − 1), always in the shortest form.
 *
 * @see <a href="https://github.com/multiformats/unsigned-varint">unsigned-varint</a>
 */
public final class Varint {

  /** Longest encoding in bytes, unsigned-varint "Practical maximum". */
  public static final int MAX_LENGTH = 9;

  private Varint() {}

  /** Bytes that {@link #encode} makes of {@code value}. */
  public static int length(long value) {
    requireNonNegative(value);
    return Math.max(1, (70 - Long.numberOfLeadingZeros(value)) / 7);
  }

  public static byte[] encode(long value) {
    byte[] bytes = new byte[length(value)];
    write(value, ByteBuffer.wrap(bytes));
    return bytes;
  }

  /** Appends {@code value}; the buffer needs {@link #length} bytes of room. */
  public static void write(long value, ByteBuffer buffer) {
    requireNonNegative(value);
    long rest = value;
    while (rest >= 0x80) {
      buffer.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    buffer.put((byte) rest);
  }

  /**
   * Reads one integer and leaves the buffer behind it.
   *
   * @throws ProtocolViolationException when it is cut short, longer than {@link #MAX_LENGTH} bytes
   *     or not in the shortest form
   */
  public static long decode(ByteBuffer buffer) throws ProtocolViolationException {
    long value = 0;
    for (int i = 0; i < MAX_LENGTH; i++) {
      if (!buffer.hasRemaining()) {
        throw new ProtocolViolationException("varint is cut short");
      }
      int next = buffer.get();
      value |= (long) (next & 0x7f) << (7 * i);
      if (next >= 0) {
        if (next == 0 && i > 0) {
          throw new ProtocolViolationException("varint is not in its shortest form");
        }
        return value;
      }
    }
    throw new ProtocolViolationException("varint is longer than " + MAX_LENGTH + " bytes");
  }

  private static void requireNonNegative(long value) {
    if (value < 0) {
      throw new IllegalArgumentException("a varint cannot be negative: " + value);
    }
  }
}
