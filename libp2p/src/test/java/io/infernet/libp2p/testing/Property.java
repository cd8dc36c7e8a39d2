package io.infernet.libp2p.testing;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Runs a property on many random cases. Runs repeat themselves: the cases follow from one fixed
 * seed. A failure prints the seed of its case; {@code -Dinfernet.test.seed=SEED} runs that case
 * alone.
 */
public final class Property {

  /** Names the system property with the seed of the one case to run. */
  public static final String SEED = "infernet.test.seed";

  private static final long FIRST_SEED = 0x1f3e7L;

  /** What must hold in each case; everything random comes from {@code random}. */
  @FunctionalInterface
  public interface Body {
    void check(RandomGenerator random) throws Exception;
  }

  private Property() {}

  /** Checks {@code body} in {@code cases} cases. */
  public static void forAll(int cases, Body body) {
    String only = System.getProperty(SEED);
    if (only != null) {
      check(Long.parseUnsignedLong(only.replaceFirst("^0x", ""), 16), body);
      return;
    }
    SplittableRandom seeds = new SplittableRandom(FIRST_SEED);
    for (int i = 0; i < cases; i++) {
      check(seeds.nextLong(), body);
    }
  }

  /** At most {@code maxLength} bytes; short and extreme ones are as likely as long ones. */
  public static byte[] bytes(RandomGenerator random, int maxLength) {
    int bound = random.nextBoolean() ? maxLength : Math.min(maxLength, 4);
    byte[] bytes = new byte[random.nextInt(bound + 1)];
    if (random.nextInt(4) > 0) {
      random.nextBytes(bytes);
    }
    return bytes;
  }

  /** Exactly {@code length} bytes. */
  public static byte[] bytesOfLength(RandomGenerator random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  public static <T> T pick(RandomGenerator random, List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  /** A copy with a few bits flipped, bytes changed, cut out or put in. */
  public static byte[] mutate(RandomGenerator random, byte[] valid) {
    byte[] bytes = valid.clone();
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(bytes.length + 1);
      switch (random.nextInt(5)) {
        case 0 -> bytes = Arrays.copyOf(bytes, at);
        case 1 -> bytes = splice(bytes, at, bytesOfLength(random, 1 + random.nextInt(4)));
        default -> {
          if (at < bytes.length) {
            bytes[at] ^= (byte) (1 << random.nextInt(8));
          }
        }
      }
    }
    return bytes;
  }

  private static byte[] splice(byte[] bytes, int at, byte[] inserted) {
    byte[] longer = Arrays.copyOf(bytes, bytes.length + inserted.length);
    System.arraycopy(inserted, 0, longer, at, inserted.length);
    System.arraycopy(bytes, at, longer, at + inserted.length, bytes.length - at);
    return longer;
  }

  private static void check(long seed, Body body) {
    try {
      body.check(new SplittableRandom(seed));
    } catch (Exception | AssertionError e) {
      throw new AssertionError(
          String.format("%s (run this case alone with -D%s=0x%x)", e, SEED, seed), e);
    }
  }
}
