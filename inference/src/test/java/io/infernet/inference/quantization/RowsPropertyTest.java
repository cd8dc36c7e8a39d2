package io.infernet.inference.quantization;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What rounding may cost, for rows of all kinds. */
class RowsPropertyTest {

  private static final int ROWS = 400;

  /** A row with outliers, of any magnitude. */
  private static float[] row(Random random, int columns) {
    float[] row = new float[columns];
    double magnitude = Math.pow(10, random.nextInt(40) - 20);
    boolean skewed = random.nextBoolean();
    for (int i = 0; i < columns; i++) {
      double value = random.nextGaussian() * (random.nextInt(50) == 0 ? 20 : 1);
      row[i] = (float) (magnitude * (skewed ? Math.abs(value) : value));
    }
    return row;
  }

  @Test
  void eightBitsAreOffByHalfAStepAtMost() {
    for (int seed = 0; seed < ROWS; seed++) {
      Random random = new Random(seed);
      int columns = 1 + random.nextInt(300);
      float[] row = row(random, columns);
      byte[] quantized = new byte[columns];
      float scale = Int8Rows.quantize(row, 0, columns, quantized);
      for (int i = 0; i < columns; i++) {
        assertTrue(quantized[i] >= -127, "seed " + seed);
        assertTrue(
            Math.abs(row[i] - scale * quantized[i]) <= scale * 0.50001,
            "seed %d: %s became %s".formatted(seed, row[i], scale * quantized[i]));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {32, 64})
  void fourBitsAreWholeNumbersOfEightAndCloseToTheRow(int group) {
    for (int seed = 0; seed < ROWS; seed++) {
      Random random = new Random(seed);
      int columns = group * (1 + random.nextInt(6));
      float[] row = row(random, columns);
      byte[] levels = new byte[columns];
      byte[] steps = new byte[columns / group];
      byte[] zeros = new byte[columns / group];
      float scale = new Int4Rows(group).quantize(row, 0, columns, levels, steps, zeros);
      for (int g = 0; g < columns / group; g++) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        double error = 0;
        for (int i = g * group; i < (g + 1) * group; i++) {
          assertTrue(levels[i] >= 0 && levels[i] <= 15, "seed " + seed);
          int whole = (levels[i] - 8) * steps[g] + zeros[g];
          assertTrue(whole >= -128 && whole <= 127, "seed %d: %d".formatted(seed, whole));
          error += Math.pow(row[i] / scale - whole, 2);
          low = Math.min(low, row[i] / scale);
          high = Math.max(high, row[i] / scale);
        }
        assertTrue(steps[g] >= 1 && steps[g] <= 17, "seed " + seed);
        // The step that covers the range, rounded up, is one of those tried.
        double covering = Math.max(1, Math.ceil((high - low) / 15 - 1e-4));
        assertTrue(
            Math.sqrt(error / group) <= covering * 0.6 + 0.5,
            "seed %d: error %s, step %s".formatted(seed, Math.sqrt(error / group), covering));
      }
    }
  }

  /** The error of 4 bits in groups of 32 with the largest number at level 0, as others have it. */
  private static double plainError(float[] row) {
    double error = 0;
    for (int from = 0; from < row.length; from += 32) {
      float largest = 0;
      for (int i = from; i < from + 32; i++) {
        largest = Math.abs(row[i]) > Math.abs(largest) ? row[i] : largest;
      }
      float step = largest / -8;
      for (int i = from; i < from + 32; i++) {
        int level = Math.min(15, (int) (row[i] / step + 8.5f));
        error += Math.pow(row[i] - (level - 8) * step, 2);
      }
    }
    return error;
  }

  @Test
  void groupsOf64CostNoMoreThanPlainGroupsOf32() {
    Random random = new Random(1);
    double ours = 0;
    double plain = 0;
    for (int r = 0; r < 50; r++) {
      int columns = 1024;
      float[] row = new float[columns];
      for (int i = 0; i < columns; i++) {
        row[i] = (float) random.nextGaussian();
      }
      byte[] levels = new byte[columns];
      byte[] steps = new byte[columns / 64];
      byte[] zeros = new byte[columns / 64];
      float scale = new Int4Rows(64).quantize(row, 0, columns, levels, steps, zeros);
      for (int i = 0; i < columns; i++) {
        ours += Math.pow(row[i] - scale * ((levels[i] - 8) * steps[i / 64] + zeros[i / 64]), 2);
      }
      plain += plainError(row);
    }
    assertTrue(ours <= plain * 1.05, "error %s against %s".formatted(ours, plain));
  }

  @Test
  void rowsOfZerosStayZero() {
    for (float tiny : new float[] {0, -0f, Float.MIN_VALUE, 1e-35f}) {
      float[] row = new float[64];
      java.util.Arrays.fill(row, tiny);
      byte[] quantized = new byte[64];
      assertEquals(0, Int8Rows.quantize(row, 0, 64, quantized));
      assertArrayEquals(new byte[64], quantized);
      byte[] steps = new byte[2];
      byte[] zeros = new byte[2];
      assertEquals(0, new Int4Rows(32).quantize(row, 0, 64, quantized, steps, zeros));
      for (int i = 0; i < 64; i++) {
        assertEquals(0, (quantized[i] - 8) * steps[i / 32] + zeros[i / 32]);
      }
    }
  }

  @Test
  void theLargestNumbersThereAreDoNotOverflow() {
    float[] row = {Float.MAX_VALUE, -Float.MAX_VALUE, 0, Float.MAX_VALUE / 2};
    byte[] quantized = new byte[4];
    float scale = Int8Rows.quantize(row, 0, 4, quantized);
    assertTrue(Float.isFinite(scale));
    for (int i = 0; i < 4; i++) {
      assertEquals(row[i], (double) quantized[i] * scale, scale * 0.51);
    }
  }

  @Test
  void readsFloat16() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      int exponent = bits >> 10 & 0x1f;
      double fraction = bits & 0x3ff;
      double expected =
          exponent == 31
              ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
              : exponent == 0
                  ? fraction * Math.pow(2, -24)
                  : (1 + fraction / 1024) * Math.pow(2, exponent - 15);
      assertEquals((float) (bits >> 15 == 1 ? -expected : expected), StoredRows.half((short) bits));
    }
  }
}
