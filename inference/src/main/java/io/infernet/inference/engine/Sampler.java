package io.infernet.inference.engine;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Chooses tokens from logits by {@link SamplingParams}, in a way that others can re-do: no hidden
 * random numbers, only the seed, the token's place in the answer and its id. An answer resumed at
 * the same place therefore goes on as it would have. Confined to one thread.
 *
 * <p>Implementation notes, version 1 of the rules. With temperature T: z = logit / T in double
 * precision; tokens in order of z, equal ones by id; the first topK of them; of these the shortest
 * prefix whose share of their probability is at least topP. For each survivor
 *
 * <pre>
 *   u = (first 53 bits of HMAC-SHA256(key = seed, place ‖ id) + ½) / 2⁵³,   g = −ln(−ln u)
 * </pre>
 *
 * with seed and place as 8 bytes and id as 4, big-endian, and {@code StrictMath}. The token with
 * the largest z + g is chosen, the lowest id among equals. (The Gumbel-max trick: that is a draw
 * from the softmax of z. Scaling by 1/T first is the same as adding T·g to the logits.) T = 0 takes
 * the largest logit, the lowest id among equals.
 */
public final class Sampler {

  private static final String ALGORITHM = "HmacSHA256";
  private static final double SCALE = 0x1p-53;

  /** Above the largest g there is, −ln(−ln(1 − 2⁻⁵⁴)) = 37.43: who is further behind cannot win. */
  private static final double MAX_NOISE = 37.5;

  /** Beyond this distance below the maximum, exp is too small to change a sum of doubles. */
  private static final double NEGLIGIBLE = 60;

  /** How many candidates a top-p search looks at first. */
  private static final int FIRST_CANDIDATES = 256;

  private final SamplingParams params;
  private final Mac mac;
  private final ByteBuffer message = ByteBuffer.allocate(Long.BYTES + Integer.BYTES);
  private final byte[] digest = new byte[32];

  public Sampler(SamplingParams params) {
    this.params = params;
    try {
      mac = Mac.getInstance(ALGORITHM);
      byte[] seed = ByteBuffer.allocate(Long.BYTES).putLong(params.seed()).array();
      mac.init(new SecretKeySpec(seed, ALGORITHM));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JVM has " + ALGORITHM, e);
    }
  }

  /**
   * Chooses a token.
   *
   * @param logits holds the logits of all tokens, by id
   * @param from where they begin
   * @param to where they end
   * @param place of the token in the whole answer, from 0
   * @return its id
   * @throws IllegalStateException when the logits are not numbers
   */
  public int sample(float[] logits, int from, int to, long place) {
    int best = from;
    for (int i = from; i < to; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    if (!Float.isFinite(logits[best])) {
      throw new IllegalStateException("the model computed " + logits[best] + " for a logit");
    }
    if (params.temperature() == 0) {
      return best - from;
    }
    int vocabulary = to - from;
    int topK = params.topK() == 0 ? vocabulary : Math.min(params.topK(), vocabulary);
    if (params.topP() < 1) {
      return draw(logits, from, nucleus(logits, from, to, topK), logits[best], place);
    }
    if (topK < vocabulary) {
      return draw(logits, from, largest(logits, from, to, topK), logits[best], place);
    }
    return drawFromAll(logits, from, to, logits[best], place);
  }

  private int drawFromAll(float[] logits, int from, int to, float max, long place) {
    double t = params.temperature();
    double winning = max / t - MAX_NOISE;
    double bestValue = Double.NEGATIVE_INFINITY;
    int best = -1;
    for (int i = from; i < to; i++) {
      double z = logits[i] / t;
      if (z >= winning) {
        double value = z + noise(place, i - from);
        if (value > bestValue) {
          bestValue = value;
          best = i - from;
          winning = Math.max(winning, value - MAX_NOISE);
        }
      }
    }
    return best;
  }

  private int draw(float[] logits, int from, long[] survivors, float max, long place) {
    double t = params.temperature();
    double winning = max / t - MAX_NOISE;
    double bestValue = Double.NEGATIVE_INFINITY;
    int best = -1;
    for (long survivor : survivors) {
      int id = id(survivor);
      double z = logits[from + id] / t;
      if (z >= winning) {
        double value = z + noise(place, id);
        if (value > bestValue || (value == bestValue && id < best)) {
          bestValue = value;
          best = id;
          winning = Math.max(winning, value - MAX_NOISE);
        }
      }
    }
    return best;
  }

  /** The first tokens that have topP of the probability of the first topK, likeliest first. */
  private long[] nucleus(float[] logits, int from, int to, int topK) {
    double t = params.temperature();
    long[] order = largest(logits, from, to, Math.min(topK, FIRST_CANDIDATES));
    double max = logits[from + id(order[0])] / t;
    double total = 0;
    if (topK == to - from) {
      for (int i = from; i < to; i++) {
        total += weight(logits[i] / t - max);
      }
    } else {
      order = largest(logits, from, to, topK);
      for (long candidate : order) {
        total += weight(logits[from + id(candidate)] / t - max);
      }
    }
    double sum = 0;
    for (int count = 0; ; ) {
      for (; count < order.length; count++) {
        sum += weight(logits[from + id(order[count])] / t - max);
        if (sum >= params.topP() * total) {
          return Arrays.copyOf(order, count + 1);
        }
      }
      if (order.length == topK) {
        return order;
      }
      order = largest(logits, from, to, (int) Math.min(topK, 16L * order.length));
    }
  }

  private static double weight(double below) {
    return below < -NEGLIGIBLE ? 0 : StrictMath.exp(below);
  }

  /** The {@code count} largest logits, largest first, equal ones by id; see {@link #key}. */
  private static long[] largest(float[] logits, int from, int to, int count) {
    long[] heap = new long[count];
    for (int i = 0; i < count; i++) {
      heap[i] = key(logits[from + i], i);
    }
    if (count < to - from) {
      for (int i = count / 2 - 1; i >= 0; i--) {
        siftDown(heap, i);
      }
      for (int i = from + count; i < to; i++) {
        long key = key(logits[i], i - from);
        if (key > heap[0]) {
          heap[0] = key;
          siftDown(heap, 0);
        }
      }
    }
    Arrays.sort(heap);
    for (int i = 0, j = count - 1; i < j; i++, j--) {
      long swap = heap[i];
      heap[i] = heap[j];
      heap[j] = swap;
    }
    return heap;
  }

  /** Restores the heap (smallest on top) below {@code index}. */
  private static void siftDown(long[] heap, int index) {
    long value = heap[index];
    int hole = index;
    for (int child = 2 * hole + 1; child < heap.length; child = 2 * hole + 1) {
      if (child + 1 < heap.length && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= value) {
        break;
      }
      heap[hole] = heap[child];
      hole = child;
    }
    heap[hole] = value;
  }

  /** A number that is larger for larger logits, and for lower ids among equal ones. */
  private static long key(float logit, int id) {
    // + 0 makes -0 and 0 equal; then the bits of a float order like integers but for the sign.
    int bits = Float.floatToIntBits(logit + 0f);
    bits ^= (bits >> 31) & Integer.MAX_VALUE;
    return ((long) bits << 32) | (Integer.MAX_VALUE - id);
  }

  private static int id(long key) {
    return Integer.MAX_VALUE - (int) key;
  }

  private double noise(long place, int id) {
    message.putLong(0, place).putInt(Long.BYTES, id);
    mac.update(message.array());
    try {
      mac.doFinal(digest, 0);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a digest is 32 bytes long", e);
    }
    long bits = ByteBuffer.wrap(digest).getLong() >>> 11;
    double u = (bits + 0.5) * SCALE;
    return -StrictMath.log(-StrictMath.log(u));
  }
}
