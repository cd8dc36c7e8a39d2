package io.infernet.inference.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.testing.Property;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class SamplerTest {

  private static final TokenIds PROMPT = TokenIds.of(3, 1);

  private static int sample(SamplingParams params, float[] logits, TokenIds output) {
    Sampler sampler = new Sampler(params, PROMPT);
    for (int i = 0; i < output.size(); i++) {
      sampler.accept(output.get(i));
    }
    return sampler.sample(logits, 0, logits.length);
  }

  private static int sample(SamplingParams params, float... logits) {
    return sample(params, logits, TokenIds.empty());
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
    assertEquals(2, sample(SamplingParams.greedy(), 1, -5, 3, 2));
    assertEquals(1, sample(SamplingParams.greedy(), 1, 3, 3, 3));
    assertEquals(0, sample(new SamplingParams(0, 1, 0.1, 9), -0f, 0f));
  }

  @Test
  void takesTheLargestLogitNearTemperatureZero() {
    for (double temperature : new double[] {1e-29, 1e-31, 1e-300, Double.MIN_VALUE, -0.0}) {
      for (double topP : new double[] {1, 0.5}) {
        assertEquals(2, sample(new SamplingParams(temperature, 0, topP, 9), 20, -5, 30, 29.9f));
        assertEquals(2, sample(new SamplingParams(temperature, 3, topP, 9), -20, -5, -3, -1e38f));
      }
    }
  }

  @Test
  void readsOnlyItsPartOfTheArrayAndLeavesItAsItIs() {
    float[] logits = {9, 1, 2, 9};
    for (SamplingParams params :
        List.of(
            SamplingParams.greedy(),
            new SamplingParams(1e-9, 0, 1, 3),
            new SamplingParams(1, 1, 1, 3),
            new SamplingParams(1, 0, 0.1, 3),
            new SamplingParams(1, 0, 1, 3).withMinP(0.9),
            SamplingParams.greedy().withLogitBias(Map.of(0, 0.5)))) {
      assertEquals(1, new Sampler(params, PROMPT).sample(logits, 1, 3), params.toString());
      assertArrayEquals(new float[] {9, 1, 2, 9}, logits);
    }
  }

  @Test
  void refusesLogitsThatAreNoNumbers() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      assertThrows(InfernetException.class, () -> sample(SamplingParams.greedy(), bad));
    }
    assertThrows(InfernetException.class, () -> sample(SamplingParams.greedy(), 1, Float.NaN, 2));
  }

  /** The rules as the class comment states them, without any shortcut. */
  private static int byTheBook(SamplingParams params, float[] raw, TokenIds output) {
    float[] logits = raw.clone();
    for (int id = 0; id < logits.length; id++) {
      int here = id;
      int count = (int) Arrays.stream(output.toArray()).filter(i -> i == here).count();
      boolean inPrompt = Arrays.stream(PROMPT.toArray()).anyMatch(i -> i == here);
      double logit = logits[id] + params.logitBias().getOrDefault(id, 0.0);
      Penalties penalties = params.penalties();
      if (count > 0 || inPrompt) {
        logit = logit > 0 ? logit / penalties.repetition() : logit * penalties.repetition();
      }
      if (count > 0) {
        logit -= penalties.frequency() * count + penalties.presence();
      }
      logits[id] = (float) logit;
    }
    double t = params.temperature();
    List<Integer> order = new ArrayList<>(IntStream.range(0, logits.length).boxed().toList());
    order.sort(
        Comparator.<Integer>comparingDouble(i -> -(double) logits[i])
            .thenComparing(Comparator.naturalOrder()));
    if (t == 0) {
      return order.get(0);
    }
    double max = logits[order.get(0)] / t;
    if (params.minP() > 0) {
      order.removeIf(i -> logits[i] / t - max < StrictMath.log(params.minP()));
    }
    if (params.topK() > 0 && params.topK() < order.size()) {
      order = order.subList(0, params.topK());
    }
    if (params.topP() < 1) {
      List<Long> weights =
          order.stream()
              .map(i -> (long) Math.floor(StrictMath.exp(logits[i] / t - max) * 0x1p40))
              .toList();
      long total = weights.stream().mapToLong(w -> w).sum();
      long sum = 0;
      int count = 0;
      while (sum < Math.ceil(params.topP() * total)) {
        sum += weights.get(count++);
      }
      order = order.subList(0, count);
    }
    int best = -1;
    double bestValue = 0;
    for (int i : order.stream().sorted().toList()) {
      double value = logits[i] / t + gumbel(word(params.seed(), output.size(), i));
      if (best < 0 || value > bestValue) {
        best = i;
        bestValue = value;
      }
    }
    return best;
  }

  private static long word(long seed, long place, int id) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(ByteBuffer.allocate(8).putLong(seed).array(), "HmacSHA256"));
      byte[] key = mac.doFinal(ByteBuffer.allocate(8).putLong(place).array());
      Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
      cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, 0, 16, "AES"));
      byte[] block = cipher.doFinal(ByteBuffer.allocate(16).putLong(8, id / 2).array());
      return ByteBuffer.wrap(block).getLong(id % 2 * 8);
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static double gumbel(long word) {
    double u = ((word >>> 12) + 0.5) / Math.pow(2, 52);
    return -StrictMath.log(-StrictMath.log(u));
  }

  @Test
  void followsTheRulesToTheLetter() {
    Property.forAll(
        1000,
        random -> {
          int size = 1 + random.nextInt(random.nextInt(10) == 0 ? 6_000 : 300);
          SamplingParams params =
              new SamplingParams(
                  Property.pick(random, List.of(0.0, 0.05, 0.7, 1.0, 3.0)),
                  Property.pick(random, List.of(0, 0, 1, 5, 40, 1_000_000)),
                  Property.pick(random, List.of(1.0, 1.0, 0.95, 0.3, 1e-9)),
                  Property.pick(random, List.of(0.0, 0.0, 0.05, 1.0)),
                  random.nextBoolean()
                      ? Penalties.NONE
                      : new Penalties(
                          Property.pick(random, List.of(1.0, 1.3, 0.5)),
                          Property.pick(random, List.of(0.0, 0.7, -2.0)),
                          Property.pick(random, List.of(0.0, 0.4, -1.0))),
                  random.nextBoolean()
                      ? Map.of()
                      : Map.of(random.nextInt(size), 4.5, size + random.nextInt(9), 100.0),
                  ResponseFormat.TEXT,
                  random.nextLong());
          float[] logits = logits(random, size);
          TokenIds output =
              TokenIds.of(random.ints(random.nextInt(20), 0, Math.min(size, 12)).toArray());
          assertEquals(byTheBook(params, logits, output), sample(params, logits, output));
        });
  }

  @Test
  void followsTheRulesForFlatDistributions() {
    float[] flat = new float[10_000];
    for (SamplingParams params :
        List.of(
            new SamplingParams(1, 0, 1, 5),
            new SamplingParams(1, 0, 0.9, 5),
            new SamplingParams(1, 6_000, 0.5, 5),
            new SamplingParams(1, 300, 1, 5))) {
      for (int place = 0; place < 3; place++) {
        TokenIds output = TokenIds.of(new int[place]);
        assertEquals(byTheBook(params, flat, output), sample(params, flat, output));
      }
    }
    assertTrue(sample(new SamplingParams(1, 6_000, 0.5, 5), flat, PROMPT) < 3_000);
  }

  /** The vectors were computed with another program (openssl enc -aes-128-ctr). */
  @Test
  void makesTheNoiseOfTheTestVectors() {
    GumbelNoise noise = new GumbelNoise(42);
    for (long place : new long[] {0, 1, 1L << 40}) {
      noise.singles(place);
      long[] singles = new long[5_000];
      for (int id = 0; id < singles.length; id++) {
        singles[id] = noise.word(id);
      }
      noise.sequence(place);
      for (int id = 0; id < singles.length; id++) {
        if (id % GumbelNoise.RUN == 0) {
          noise.nextRun();
        }
        assertEquals(singles[id], noise.inRun(id % GumbelNoise.RUN), "token " + id);
      }
      for (int id : new int[] {0, 1, 2, 4_999}) {
        assertEquals(word(42, place, id), singles[id]);
      }
    }
    noise.singles(7);
    assertEquals("62e5801828aaee64", Long.toHexString(noise.word(0)));
    assertEquals("19f004646eb886af", Long.toHexString(noise.word(1)));
    assertEquals("ddc29fa0d0d96d85", Long.toHexString(noise.word(151_935)));
    assertEquals(0.05013213806192226, GumbelNoise.gumbel(noise.word(0)), 1e-15);
  }

  @Test
  void keepsNoiseWithinItsBounds() {
    double highest = GumbelNoise.gumbel(-1);
    assertTrue(highest > 36.7 && highest < GumbelNoise.MAX, "highest " + highest);
    assertEquals(-StrictMath.log(-StrictMath.log(0x1p-53)), GumbelNoise.gumbel(0));
  }

  @Test
  void drawsFromTheDistribution() {
    float[] logits = {0, 1, 2, 3, -1};
    double temperature = 1.5;
    int draws = 20_000;
    int[] counts = new int[logits.length];
    Sampler sampler = new Sampler(new SamplingParams(temperature, 0, 1, 42), PROMPT);
    for (int i = 0; i < draws; i++) {
      int token = sampler.sample(logits, 0, logits.length);
      sampler.accept(token);
      counts[token]++;
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
  void goesOnAfterResumedTokensAsItWouldHave() {
    float[] logits = new float[50];
    SamplingParams params =
        new SamplingParams(1, 0, 1, 7).withPenalties(new Penalties(1.1, 0.2, 0.3));
    List<Integer> first = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      first.add(sample(params, logits, TokenIds.of(first)));
    }
    Sampler sampler = new Sampler(params, PROMPT);
    List<Integer> second = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      if (i == 10) {
        sampler = new Sampler(params, PROMPT);
        second.forEach(sampler::accept);
      }
      second.add(sampler.sample(logits, 0, 50));
      sampler.accept(second.get(i));
    }
    assertEquals(first, second);
    assertTrue(first.stream().distinct().count() > 10);
    SamplingParams other = new SamplingParams(1, 0, 1, 8).withPenalties(params.penalties());
    List<Integer> third = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      third.add(sample(other, logits, TokenIds.of(third)));
    }
    assertTrue(!third.equals(first));
  }

  @Test
  void makesRepetitionOfPromptAndAnswerLessLikely() {
    SamplingParams params = SamplingParams.greedy().withPenalties(new Penalties(2, 0, 0));
    // Tokens 1 and 3 are in the prompt.
    assertEquals(0, sample(params, 2.5f, 4, 1, 1));
    assertEquals(1, sample(params, 1.9f, 4, 1, 1));
    assertEquals(2, sample(params, -7, -3, -5, -4));
    assertEquals(1, sample(params, new float[] {2.5f, 4, 1, 1}, TokenIds.of(0)));
  }

  @Test
  void takesPresenceAndFrequencyOffTokensOfTheAnswerAlone() {
    SamplingParams presence = SamplingParams.greedy().withPenalties(new Penalties(1, 1, 0));
    assertEquals(1, sample(presence, 1, 1.5f));
    assertEquals(1, sample(presence, new float[] {0.4f, 1.5f}, TokenIds.of(1, 1, 1)));
    assertEquals(0, sample(presence, new float[] {0.6f, 1.5f}, TokenIds.of(1)));
    SamplingParams frequency = SamplingParams.greedy().withPenalties(new Penalties(1, 0, 0.5));
    assertEquals(1, sample(frequency, new float[] {0.4f, 1.5f}, TokenIds.of(1, 1)));
    assertEquals(0, sample(frequency, new float[] {0.4f, 1.5f}, TokenIds.of(1, 1, 1)));
  }

  @Test
  void addsTheBiasBeforePenalties() {
    // −1 + 4 is above 0, so that the penalty divides.
    SamplingParams params =
        SamplingParams.greedy().withPenalties(new Penalties(2, 0, 0)).withLogitBias(Map.of(1, 4.0));
    assertEquals(0, sample(params, 1.6f, -1));
    assertEquals(1, sample(params, 1.4f, -1));
  }

  @Test
  void choosesOnlyWhatTheConstraintAllows() {
    Property.forAll(
        200,
        random -> {
          float[] logits = logits(random, 40);
          Set<Integer> allowed =
              random.ints(1 + random.nextInt(5), 0, 40).boxed().collect(Collectors.toSet());
          SamplingParams params =
              new SamplingParams(
                  Property.pick(random, List.of(0.0, 1.0, 5.0)),
                  Property.pick(random, List.of(0, 3)),
                  Property.pick(random, List.of(1.0, 0.5)),
                  random.nextLong());
          Sampler sampler = new Sampler(params, PROMPT, Optional.of(new OnlyThese(allowed)));
          assertTrue(allowed.contains(sampler.sample(logits, 0, 40)));
        });
    Sampler none =
        new Sampler(SamplingParams.greedy(), PROMPT, Optional.of(new OnlyThese(Set.of())));
    assertThrows(InfernetException.class, () -> none.sample(new float[5], 0, 5));
  }

  private record OnlyThese(Set<Integer> allowed) implements TokenConstraint {
    @Override
    public void mask(float[] logits) {
      for (int i = 0; i < logits.length; i++) {
        if (!allowed.contains(i)) {
          logits[i] = Float.NEGATIVE_INFINITY;
        }
      }
    }

    @Override
    public void accept(int id) {}

    @Override
    public boolean isComplete() {
      return false;
    }
  }

  @Test
  void refusesImpossibleParameters() {
    assertThrows(IllegalArgumentException.class, () -> new SamplingParams(-1, 0, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new SamplingParams(101, 0, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new SamplingParams(Double.NaN, 0, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new SamplingParams(1, -1, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new SamplingParams(1, 0, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new SamplingParams(1, 0, 1.1, 0));
    SamplingParams good = SamplingParams.greedy();
    for (double minP : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> good.withMinP(minP));
    }
    for (double repetition : new double[] {0, -1, 101, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> new Penalties(repetition, 0, 0));
    }
    for (double penalty : new double[] {-2.1, 2.1, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> new Penalties(1, penalty, 0));
      assertThrows(IllegalArgumentException.class, () -> new Penalties(1, 0, penalty));
    }
    for (double bias : new double[] {-101, 101, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> good.withLogitBias(Map.of(1, bias)));
    }
    assertThrows(IllegalArgumentException.class, () -> good.withLogitBias(Map.of(-1, 0.0)));
    Map<Integer, Double> many = new TreeMap<>();
    Collections.nCopies(SamplingParams.MAX_BIASES + 1, 1.0)
        .forEach(bias -> many.put(many.size(), bias));
    assertThrows(IllegalArgumentException.class, () -> good.withLogitBias(many));
  }
}
