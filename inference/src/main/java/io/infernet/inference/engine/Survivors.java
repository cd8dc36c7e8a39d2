package io.infernet.inference.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds the tokens that min-p, top-k and top-p leave, as {@link Sampler} defines them. Used for one
 * choice, by one thread.
 *
 * <p>Implementation notes. Nothing is sorted. Top-k and top-p keep a beginning of the tokens'
 * order, and where it ends is found as in a radix sort that follows one digit only: tokens are
 * counted (or their weights summed) by the highest bits of their logits; those of the digit in
 * which the sought sum is reached are looked at by the next bits, and so on. Equal logits are in
 * order of id already.
 */
final class Survivors {

  /** How the bits of a logit are looked at, highest first: 12, 10 and 10. */
  private static final int[] SHIFTS = {20, 10, 0};

  private static final int[] DIGITS = {1 << 12, 1 << 10, 1 << 10};

  /** Parts for each token that top-k keeps, when tokens are selected roughly first. */
  private static final int PARTS = 4;

  private final float[] logits;
  private final int from;
  private final double temperature;
  private final double maxZ;

  /** Ascending; null for all. */
  private int @Nullable [] ids;

  private int size;

  private Survivors(float[] logits, int from, int to, double temperature, float max) {
    this.logits = logits;
    this.from = from;
    this.size = to - from;
    this.temperature = temperature;
    this.maxZ = max / temperature;
  }

  /**
   * The tokens that may be chosen, ascending.
   *
   * @param max the largest logit
   * @return null when all may
   */
  static int @Nullable [] find(float[] logits, int from, int to, float max, SamplingParams params) {
    Survivors survivors = new Survivors(logits, from, to, params.temperature(), max);
    if (params.minP() > 0) {
      survivors.minP(StrictMath.log(params.minP()));
    }
    if (params.topK() > 0 && params.topK() < survivors.size) {
      survivors.preselect(params.topK());
      survivors.keepBeginning(false, params.topK());
    }
    if (params.topP() < 1) {
      survivors.keepBeginning(true, params.topP());
    }
    return survivors.ids;
  }

  /**
   * Leaves out most of what is not among the {@code count} largest logits: with as many parts, each
   * has its own largest, and none that is smaller than the {@code count}-th of these is wanted.
   */
  private void preselect(int count) {
    int parts = PARTS * count;
    if (ids != null || count > size / (4 * PARTS)) {
      return;
    }
    float[] largest = new float[parts];
    for (int part = 0; part < parts; part++) {
      float best = Float.NEGATIVE_INFINITY;
      int end = from + (int) ((long) size * (part + 1) / parts);
      for (int i = from + (int) ((long) size * part / parts); i < end; i++) {
        best = logits[i] > best ? logits[i] : best;
      }
      largest[part] = best;
    }
    Arrays.sort(largest);
    float lowest = largest[parts - count];
    int[] kept = new int[4 * count];
    int found = 0;
    for (int i = 0; i < size; i++) {
      if (logits[from + i] >= lowest) {
        if (found == kept.length) {
          kept = Arrays.copyOf(kept, 4 * found);
        }
        kept[found++] = i;
      }
    }
    keep(kept, found);
  }

  private void minP(double lowest) {
    int[] kept = new int[16];
    int count = 0;
    for (int i = 0; i < size; i++) {
      if (logits[from + i] / temperature - maxZ >= lowest) {
        if (count == kept.length) {
          kept = Arrays.copyOf(kept, 4 * count);
        }
        kept[count++] = i;
      }
    }
    keep(kept, count);
  }

  private void keep(int[] kept, int count) {
    ids = Arrays.copyOf(kept, count);
    size = count;
  }

  /**
   * Keeps the largest logits.
   *
   * @param weighted whether tokens count by their weight, and each as 1 otherwise
   * @param share how much is kept: a part of the whole weight, or a number of tokens
   */
  private void keepBeginning(boolean weighted, double share) {
    long missing = weighted ? -1 : (long) share;
    int[] undecided = ids == null ? upTo(size) : ids;
    int count = size;
    int threshold = 0;
    for (int round = 0; round < SHIFTS.length; round++) {
      int shift = SHIFTS[round];
      int mask = DIGITS[round] - 1;
      long[] sums = new long[DIGITS[round]];
      long total = 0;
      for (int i = 0; i < count; i++) {
        float logit = logits[from + undecided[i]];
        long weight = weighted ? weight(logit) : 1;
        sums[(order(logit) >>> shift) & mask] += weight;
        total += weight;
      }
      if (missing < 0) {
        missing = Math.min(total, Math.max(1, (long) Math.ceil(share * total)));
      }
      int digit = mask;
      while (missing > sums[digit]) {
        missing -= sums[digit--];
      }
      threshold |= digit << shift;
      int[] next = new int[round == 0 ? 64 : count];
      int found = 0;
      for (int i = 0; i < count; i++) {
        if (((order(logits[from + undecided[i]]) >>> shift) & mask) == digit) {
          if (found == next.length) {
            next = Arrays.copyOf(next, 4 * found);
          }
          next[found++] = undecided[i];
        }
      }
      undecided = next;
      count = found;
    }
    // What is undecided has the same logit.
    long each = weighted ? weight(logits[from + undecided[0]]) : 1;
    int lastId = undecided[(int) ((missing + each - 1) / each) - 1];
    filter(threshold, lastId);
  }

  private void filter(int threshold, int lastId) {
    int[] kept = new int[16];
    int count = 0;
    for (int i = 0; i < size; i++) {
      int id = ids == null ? i : ids[i];
      int order = Integer.compareUnsigned(order(logits[from + id]), threshold);
      if (order > 0 || (order == 0 && id <= lastId)) {
        if (count == kept.length) {
          kept = Arrays.copyOf(kept, 4 * count);
        }
        kept[count++] = id;
      }
    }
    keep(kept, count);
  }

  private static int[] upTo(int count) {
    int[] all = new int[count];
    for (int i = 0; i < count; i++) {
      all[i] = i;
    }
    return all;
  }

  private long weight(float logit) {
    double below = logit / temperature - maxZ;
    // Below that the weight is 0.
    return below < -28 ? 0 : (long) (StrictMath.exp(below) * 0x1p40);
  }

  /** A number that, without sign, is larger for larger logits. */
  private static int order(float logit) {
    // + 0 makes -0 and 0 equal; then the bits of a float order like integers but for the sign.
    int bits = Float.floatToRawIntBits(logit + 0f);
    return bits ^ ((bits >> 31) | Integer.MIN_VALUE);
  }
}
