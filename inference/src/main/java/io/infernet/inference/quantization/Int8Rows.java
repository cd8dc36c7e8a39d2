package io.infernet.inference.quantization;

import java.util.Arrays;

/** Rounds rows to {@link WeightFormat#INT8}. The same input gives the same bits everywhere. */
final class Int8Rows {

  /** Rows whose numbers are all below this are zero: their inverse would not be finite. */
  private static final float SMALLEST = 1e-30f;

  private static final int LARGEST = 127;

  private Int8Rows() {}

  /**
   * Rounds one row.
   *
   * @param row starts at {@code at}; finite numbers
   * @param target takes {@code columns} bytes, from {@code at}
   * @return the scale; 0 for a row of zeros
   */
  static float quantize(float[] row, int at, int columns, byte[] target) {
    float largest = largest(row, at, columns);
    if (largest < SMALLEST) {
      Arrays.fill(target, at, at + columns, (byte) 0);
      return 0;
    }
    float scale = scale(largest);
    float inverse = 1 / scale;
    for (int i = at; i < at + columns; i++) {
      // Truncation rounds positive numbers down: half a step is added before.
      target[i] = (byte) ((int) (row[i] * inverse + (LARGEST + 1.5f)) - (LARGEST + 1));
    }
    return scale;
  }

  /** The scale of a row whose largest number is given: the least bfloat16 that is large enough. */
  static float scale(float largest) {
    int bits = Float.floatToRawIntBits(largest / LARGEST);
    return Float.intBitsToFloat((bits + 0xffff) & 0xffff0000);
  }

  static float largest(float[] row, int at, int columns) {
    float largest = 0;
    for (int i = at; i < at + columns; i++) {
      largest = Math.max(largest, Math.abs(row[i]));
    }
    return largest;
  }
}
