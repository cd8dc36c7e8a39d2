package io.infernet.inference.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.testing.Property;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class SamplerTest {

  private static int sample(SamplingParams params, float[] logits, long place) {
    return new Sampler(params).sample(logits, 0, logits.length, place);
  }

  private static float[] logits(RandomGenerator random, int size) {
    float[] logits = new float[size];
    for (int i = 0; i < size; i++) {
      // Coarse steps, so that equal logits occur.
      logits[i] = Math.round(random.nextGaussian() * 8) / 2f;
    }
    return logits;
  }

  @Test
  void takesTheLargestLogitWithoutTemperature() {
    assertEquals(2, sample(SamplingParams.greedy(), new float[] {1, -5, 3, 2}, 0));
    assertEquals(1, sample(SamplingParams.greedy(), new float[] {1, 3, 3, 3}, 0));
    assertEquals(0, sample(new SamplingParams(0, 1, 0.1, 9), new float[] {-0f, 0f}, 0));
  }

  @Test
  void readsOnlyItsPartOfTheArray() {
    float[] logits = {9, 1, 2, 9};
    assertEquals(1, new Sampler(SamplingParams.greedy()).sample(logits, 1, 3, 0));
    assertEquals(1, new Sampler(new SamplingParams(1e-9, 0, 1, 3)).sample(logits, 1, 3, 0));
    assertEquals(1, new Sampler(new SamplingParams(1, 1, 1, 3)).sample(logits, 1, 3, 0));
  }

  @Test
  void refusesLogitsThatAreNoNumbers() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      assertThrows(
          IllegalStateException.class, () -> sample(SamplingParams.greedy(), new float[] {bad}, 0));
    }
  }

  /** The rules as the class comment states them, without any shortcut. */
  private static int byTheBook(SamplingParams params, float[] logits, long place) {
    double t = params.temperature();
    List<Integer> order = new ArrayList<>(IntStream.range(0, logits.length).boxed().toList());
    order.sort(
        Comparator.<Integer>comparingDouble(i -> -logits[i])
            .thenComparing(Comparator.naturalOrder()));
    if (params.topK() > 0 && params.topK() < order.size()) {
      order = order.subList(0, params.topK());
    }
    if (params.topP() < 1) {
      double max = logits[order.get(0)] / t;
      double total = 0;
      for (int i : order) {
        total += StrictMath.exp(logits[i] / t - max);
      }
      double sum = 0;
      int count = 0;
      while (count < order.size() && sum < params.topP() * total) {
        sum += StrictMath.exp(logits[order.get(count++)] / t - max);
      }
      order = order.subList(0, count);
    }
    int best = -1;
    double bestValue = 0;
    for (int i : order.stream().sorted().toList()) {
      double value = logits[i] / t + noise(params.seed(), place, i);
      if (best < 0 || value > bestValue) {
        best = i;
        bestValue = value;
      }
    }
    return best;
  }

  private static double noise(long seed, long place, int id) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(ByteBuffer.allocate(8).putLong(seed).array(), "HmacSHA256"));
      mac.update(ByteBuffer.allocate(8).putLong(place).array());
      byte[] digest = mac.doFinal(ByteBuffer.allocate(4).putInt(id).array());
      double u = ((ByteBuffer.wrap(digest).getLong() >>> 11) + 0.5) / Math.pow(2, 53);
      return -StrictMath.log(-StrictMath.log(u));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void followsTheRulesToTheLetter() {
    Property.forAll(
        300,
        random -> {
          SamplingParams params =
              new SamplingParams(
                  Property.pick(random, List.of(0.05, 0.7, 1.0, 3.0)),
                  Property.pick(random, List.of(0, 1, 5, 40, 1_000_000)),
                  Property.pick(random, List.of(1.0, 0.95, 0.3, 1e-9)),
                  random.nextLong());
          float[] logits = logits(random, 1 + random.nextInt(600));
          long place = random.nextInt(1000);
          assertEquals(byTheBook(params, logits, place), sample(params, logits, place));
        });
  }

  @Test
  void growsTheSearchForFlatDistributions() {
    float[] flat = new float[10_000];
    SamplingParams params = new SamplingParams(1, 0, 0.9, 5);
    for (int place = 0; place < 3; place++) {
      int token = sample(params, flat, place);
      assertEquals(byTheBook(params, flat, place), token);
      assertTrue(token < 9_001, () -> "outside the nucleus: " + token);
    }
  }

  @Test
  void drawsFromTheDistribution() {
    float[] logits = {0, 1, 2, 3, -1};
    double temperature = 1.5;
    int draws = 20_000;
    int[] counts = new int[logits.length];
    Sampler sampler = new Sampler(new SamplingParams(temperature, 0, 1, 42));
    for (int i = 0; i < draws; i++) {
      counts[sampler.sample(logits, 0, logits.length, i)]++;
    }
    double total = 0;
    for (float logit : logits) {
      total += Math.exp(logit / temperature);
    }
    double chiSquare = 0;
    for (int i = 0; i < logits.length; i++) {
      double expected = draws * Math.exp(logits[i] / temperature) / total;
      chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    // 18.5 is the 99.9th percentile with 4 degrees of freedom; the seed is fixed.
    assertTrue(chiSquare < 18.5, "chi-square " + chiSquare);
  }

  @Test
  void dependsOnSeedAndPlaceAlone() {
    float[] logits = new float[50];
    SamplingParams params = new SamplingParams(1, 0, 1, 7);
    Sampler sampler = new Sampler(params);
    List<Integer> first = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      first.add(sampler.sample(logits, 0, 50, i));
    }
    List<Integer> second = new ArrayList<>(first.subList(0, 10));
    for (int i = 10; i < 20; i++) {
      second.add(sample(params, logits, i));
    }
    assertEquals(first, second);
    assertTrue(first.stream().distinct().count() > 10);
    assertTrue(
        IntStream.range(0, 20)
            .anyMatch(i -> first.get(i) != sample(new SamplingParams(1, 0, 1, 8), logits, i)));
  }

  @Test
  void refusesImpossibleParameters() {
    assertThrows(IllegalArgumentException.class, () -> new SamplingParams(-1, 0, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new SamplingParams(101, 0, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new SamplingParams(Double.NaN, 0, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new SamplingParams(1, -1, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new SamplingParams(1, 0, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new SamplingParams(1, 0, 1.1, 0));
  }
}
