package io.infernet.inference.quantization;

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
      java.util.Arrays.fill(target, at, at + columns, (byte) 0);
      return 0;
    }
    float inverse = LARGEST / largest;
    for (int i = at; i < at + columns; i++) {
      // Truncation rounds positive numbers down: half a step is added before.
      target[i] = (byte) ((int) (row[i] * inverse + (LARGEST + 1.5f)) - (LARGEST + 1));
    }
    return largest / LARGEST;
  }

  static float largest(float[] row, int at, int columns) {
    float largest = 0;
    for (int i = at; i < at + columns; i++) {
      largest = Math.max(largest, Math.abs(row[i]));
    }
    return largest;
  }
}
