package io.infernet.inference.quantization;

import java.util.Arrays;

/**
 * Rounds rows to {@link WeightFormat#INT4}. The same input gives the same bits everywhere.
 *
 * <p>Implementation notes. A row is first scaled so that its largest number is about 127. For each
 * group the steps from 4/5 of what covers its range up to that are tried, each with the zero in the
 * middle of the range and then with the one that fits best what it gave; the least squared error
 * wins. A step below the covering one clips the ends and is often better in the middle.
 */
final class Int4Rows {

  private static final float SMALLEST = 1e-30f;
  private static final int LARGEST = 127;
  private static final int LEVELS = 15;
  private static final int MIDDLE = 8;

  /** The finest step tried, as a share of the covering one. */
  private static final float FINEST = 0.8f;

  private final int group;
  private final float[] scaled;
  private final byte[] trial;

  /**
   * @param group columns that share a step and a zero
   */
  Int4Rows(int group) {
    this.group = group;
    scaled = new float[group];
    trial = new byte[group];
  }

  /**
   * Rounds one row, whose columns are a multiple of the group.
   *
   * @param row starts at {@code at}; finite numbers
   * @param target takes a number in 0…15 for each column, from {@code at}
   * @param steps takes a number in 1…17 for each group
   * @param zeros takes a number for each group
   * @return the scale; 0 for a row of zeros
   */
  float quantize(float[] row, int at, int columns, byte[] target, byte[] steps, byte[] zeros) {
    float largest = Int8Rows.largest(row, at, columns);
    if (largest < SMALLEST) {
      Arrays.fill(target, at, at + columns, (byte) MIDDLE);
      Arrays.fill(steps, 0, columns / group, (byte) 1);
      Arrays.fill(zeros, 0, columns / group, (byte) 0);
      return 0;
    }
    float scale = Int8Rows.scale(largest);
    float inverse = 1 / scale;
    for (int g = 0; g < columns / group; g++) {
      float low = Float.POSITIVE_INFINITY;
      float high = Float.NEGATIVE_INFINITY;
      for (int i = 0; i < group; i++) {
        float value = row[at + g * group + i] * inverse;
        scaled[i] = value;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
      quantizeGroup(low, high, target, at + g * group, steps, zeros, g);
    }
    return scale;
  }

  private void quantizeGroup(
      float low, float high, byte[] target, int at, byte[] steps, byte[] zeros, int g) {
    float covering = (high - low) / LEVELS;
    int last = Math.max(1, Math.min(17, (int) Math.ceil(covering)));
    int first = Math.max(1, Math.min(last, (int) Math.ceil(covering * FINEST)));
    float best = Float.POSITIVE_INFINITY;
    for (int step = first; step <= last; step++) {
      int zero = within(Math.round((low + high + step) / 2), step);
      for (int round = 0; round < 2; round++) {
        float error = round(step, zero);
        if (error < best) {
          best = error;
          System.arraycopy(trial, 0, target, at, group);
          steps[g] = (byte) step;
          zeros[g] = (byte) zero;
        }
        zero = within(fittingZero(step), step);
      }
    }
  }

  /** A zero with which the ends of the scale fit into 8 bits. */
  private static int within(int zero, int step) {
    return Math.max(
        MIDDLE * step - LARGEST - 1, Math.min(LARGEST - (LEVELS - MIDDLE) * step, zero));
  }

  /** Rounds the group and gives the squared error. */
  private float round(int step, int zero) {
    float inverse = 1f / step;
    float shift = MIDDLE + 0.5f - zero * inverse;
    float sum = 0;
    for (int i = 0; i < group; i++) {
      int level = Math.max(0, Math.min(LEVELS, (int) (scaled[i] * inverse + shift)));
      trial[i] = (byte) level;
      float error = scaled[i] - ((level - MIDDLE) * step + zero);
      sum += error * error;
    }
    return sum;
  }

  /** The zero that fits the levels of the last round best. */
  private int fittingZero(int step) {
    float sum = 0;
    for (int i = 0; i < group; i++) {
      sum += scaled[i] - (trial[i] - MIDDLE) * step;
    }
    return Math.round(sum / group);
  }
}
