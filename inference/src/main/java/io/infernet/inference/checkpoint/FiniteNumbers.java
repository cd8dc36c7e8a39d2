package io.infernet.inference.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;

/**
 * Looks for infinities and NaNs, which have all bits of the exponent set. Stateless.
 *
 * <p>Implementation notes. Eight bytes are looked at together, whatever numbers they hold: with all
 * but the exponents masked out, adding 1 at each exponent's lowest bit carries into the sign bit
 * exactly where the exponent is full. That is as fast as memory.
 */
final class FiniteNumbers {

  private FiniteNumbers() {}

  /**
   * Whether all numbers of a tensor are finite.
   *
   * @throws DamagedModelException when the file cannot be read
   */
  static boolean in(SafetensorsFile file, TensorInfo tensor) {
    long exponent =
        switch (tensor.dtype()) {
          case BF16 -> 0x7f80_7f80_7f80_7f80L;
          case F16 -> 0x7c00_7c00_7c00_7c00L;
          case F32 -> 0x7f80_0000_7f80_0000L;
          case F64 -> 0x7ff0_0000_0000_0000L;
          default -> throw new IllegalArgumentException("no such number: " + tensor.dtype());
        };
    long lowest = exponent & ~(exponent << 1);
    boolean[] full = new boolean[1];
    try {
      file.read(tensor.name(), piece -> full[0] |= hasFullExponent(piece, exponent, lowest));
    } catch (IOException e) {
      throw new DamagedModelException("cannot read " + file.path() + ": " + e.getMessage(), e);
    }
    return !full[0];
  }

  private static boolean hasFullExponent(ByteBuffer piece, long exponent, long lowest) {
    LongBuffer longs = piece.order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
    long found = 0;
    int count = longs.remaining();
    for (int i = 0; i < count; i++) {
      found |= (longs.get(i) & exponent) + lowest;
    }
    // What is left are whole numbers: no number straddles pieces or is cut by eight bytes.
    long rest = 0;
    int begin = piece.position() + count * Long.BYTES;
    for (int i = begin; i < piece.limit(); i++) {
      rest |= (piece.get(i) & 0xffL) << (i - begin) * Byte.SIZE;
    }
    found |= (rest & exponent) + lowest;
    return (found & ~exponent & exponent << 1) != 0;
  }
}
