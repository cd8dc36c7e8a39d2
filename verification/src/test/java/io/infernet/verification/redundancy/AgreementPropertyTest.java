package io.infernet.verification.redundancy;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.testing.Property;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.TaskType;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/**
 * What rounding does to honest results, and what cheaper models do. No false alarm in 20,000 cases
 * bounds their rate below 1.5e-4 with 95 % confidence (the rule of three).
 */
class AgreementPropertyTest {

  /** The largest that the quantized models of ADR 21 showed. */
  private static final double HONEST_ERROR = 0.022;

  @Test
  void honestMachinesAgreeOnVectors() {
    Agreement agreement = Agreement.of(TaskType.EMBED);
    Property.forAll(
        20_000,
        random -> {
          float[] truth = scaled(Shards.direction(random, dimensions(random)), random);
          assertTrue(
              agreement.agree(
                  List.of(Shards.disturbed(random, truth, HONEST_ERROR)),
                  List.of(Shards.disturbed(random, truth, HONEST_ERROR))));
        });
  }

  @Test
  void bfloat16AgreesWithFloat32() {
    Agreement agreement = Agreement.of(TaskType.EMBED);
    Property.forAll(
        2_000,
        random -> {
          float[] truth = scaled(Shards.direction(random, dimensions(random)), random);
          float[] rounded = truth.clone();
          for (int i = 0; i < rounded.length; i++) {
            rounded[i] = Float.intBitsToFloat(Float.floatToIntBits(rounded[i]) & 0xffff0000);
          }
          assertTrue(
              agreement.agree(
                  List.of(new ItemResult.Embedded(truth)),
                  List.of(new ItemResult.Embedded(rounded))));
        });
  }

  @Test
  void aVectorFifteenPercentOffIsNoticed() {
    Agreement agreement = Agreement.of(TaskType.EMBED);
    Property.forAll(
        20_000,
        random -> {
          float[] truth = scaled(Shards.direction(random, dimensions(random)), random);
          assertFalse(
              agreement.agree(
                  List.of(Shards.disturbed(random, truth, HONEST_ERROR)),
                  List.of(Shards.disturbed(random, truth, 0.15))));
        });
  }

  @Test
  void honestMachinesAgreeOnLabels() {
    Agreement agreement = Agreement.of(TaskType.CLASSIFY);
    Property.forAll(
        20_000,
        random -> {
          double[] logits = new double[2 + random.nextInt(9)];
          for (int i = 0; i < logits.length; i++) {
            logits[i] = 2.5 * random.nextGaussian();
          }
          // The hardest case: two labels that are about as likely.
          logits[1] = logits[0] + 0.05 * random.nextGaussian();
          assertTrue(
              agreement.agree(
                  List.of(classified(random, logits)), List.of(classified(random, logits))));
        });
  }

  /** As a machine classifies whose logits are off by up to 1 % of 5. */
  private static ItemResult classified(RandomGenerator random, double[] logits) {
    float[] scores = new float[logits.length];
    double sum = 0;
    for (int i = 0; i < scores.length; i++) {
      scores[i] = (float) Math.exp(logits[i] + 0.05 * (random.nextDouble() - 0.5));
      sum += scores[i];
    }
    int best = 0;
    for (int i = 0; i < scores.length; i++) {
      scores[i] /= (float) sum;
      best = scores[i] > scores[best] ? i : best;
    }
    return new ItemResult.Classified(best, scores);
  }

  private static int dimensions(RandomGenerator random) {
    return Property.pick(random, List.of(64, 128, 384, 768));
  }

  private static float[] scaled(float[] vector, RandomGenerator random) {
    float scale = (float) Math.exp(10 * random.nextDouble() - 5);
    for (int i = 0; i < vector.length; i++) {
      vector[i] *= scale;
    }
    return vector;
  }
}
