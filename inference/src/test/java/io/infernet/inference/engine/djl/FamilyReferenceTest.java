package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.batching.Chunk;
import io.infernet.inference.batching.Decoder;
import io.infernet.inference.batching.Logits;
import io.infernet.inference.batching.Step;
import io.infernet.inference.batching.StepOutput;
import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DType;
import io.infernet.inference.checkpoint.RandomCheckpoint;
import io.infernet.inference.engine.Device;
import io.infernet.inference.testing.ReferenceDecoder;
import io.infernet.inference.testing.TestModels;
import io.infernet.inference.testing.TinyConfigs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The families' differences, with weights made up, against a float64 reference. */
class FamilyReferenceTest {

  /** As the issue asks: log-probabilities within 1e-3 in float32. */
  private static final double TOLERANCE = 1e-3;

  private static final int PROMPT = 40;
  private static final int ANSWER = 16;
  private static final long SEED = 20_261_120;

  @TempDir Path home;

  static List<String> names() {
    return TinyConfigs.names();
  }

  private Decoder decoder(Arithmetic arithmetic) throws IOException {
    Libtorch.start(TestModels.config(home).nativesFolder());
    Path archive = home.resolve("graph.pt");
    try (Checkpoint checkpoint = Checkpoint.open(home, CheckpointLimits.defaults())) {
      StepGraph graph =
          new StepGraph(checkpoint.config(), arithmetic, new OneDnnLinear(), Device.CPU);
      StepGraph.Archive written = graph.archive(WeightSource.of(checkpoint));
      written.archive().write(archive);
      return StepDecoder.load(archive, written.files(), graph.sizes(128, 256), 1);
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void computesWhatTheReferenceComputes(String name) throws IOException {
    new RandomCheckpoint(TinyConfigs.of(name), DType.F32, 2, SEED).writeTo(home);
    int[] prompt = new SplittableRandom(SEED).ints(PROMPT, 1, 300).toArray();
    int[] whole = Arrays.copyOf(prompt, PROMPT + ANSWER);
    try (Decoder decoder = decoder(Arithmetic.FLOAT32);
        ReferenceDecoder reference = new ReferenceDecoder(home)) {
      boolean stretched = PROMPT > decoder.stretchAfter();
      StepOutput output =
          decoder.step(new Step(List.of(new Chunk(128, 0, prompt, Logits.ALL, stretched)), false));
      double[][] expected = reference.logprobs(prompt);
      for (int t = 0; t < PROMPT; t++) {
        assertLogprobs(expected[t], output, t, name + " after token " + t + ", seed " + SEED);
      }
      for (int done = 0; done < whole.length; ) {
        int count = done < PROMPT ? Math.min(7, PROMPT - done) : 1;
        int[] ids = Arrays.copyOfRange(whole, done, done + count);
        output =
            decoder.step(new Step(List.of(new Chunk(3, done, ids, Logits.LAST, stretched)), false));
        done += count;
        if (done >= PROMPT && done < whole.length) {
          whole[done] = best(output);
        }
      }
      expected = reference.logprobs(whole);
      assertLogprobs(expected[whole.length - 1], output, 0, name + " at the end, seed " + SEED);
      for (int t = PROMPT; t < whole.length; t++) {
        double[] row = expected[t - 1];
        double best = Arrays.stream(row).max().orElseThrow();
        assertTrue(
            best - row[whole[t]] <= TOLERANCE,
            "%s chose token %d at %d, seed %d".formatted(name, whole[t], t, SEED));
      }
    }
  }

  /** A test of the numbers' formats along the way; rounding is what bfloat16 costs. */
  @ParameterizedTest
  @MethodSource("names")
  void computesNearlyTheSameInBfloat16(String name) throws IOException {
    new RandomCheckpoint(TinyConfigs.of(name), DType.BF16, 1, SEED).writeTo(home);
    int[] prompt = new SplittableRandom(SEED).ints(PROMPT, 1, 300).toArray();
    try (Decoder decoder = decoder(Arithmetic.BFLOAT16);
        ReferenceDecoder reference = new ReferenceDecoder(home)) {
      boolean stretched = PROMPT > decoder.stretchAfter();
      int[] first = Arrays.copyOf(prompt, PROMPT - 1);
      int[] last = {prompt[PROMPT - 1]};
      decoder.step(new Step(List.of(new Chunk(9, 0, first, Logits.NONE, stretched)), true));
      StepOutput output =
          decoder.step(
              new Step(List.of(new Chunk(9, PROMPT - 1, last, Logits.LAST, stretched)), true));
      double[] expected = reference.logprobs(prompt)[PROMPT - 1];
      double[] actual = logprobs(output, 0, expected.length);
      double sum = 0;
      for (int id = 0; id < expected.length; id++) {
        sum += Math.abs(expected[id] - actual[id]);
      }
      assertTrue(
          sum / expected.length < 0.1,
          "%s is off by %f on average, seed %d".formatted(name, sum / expected.length, SEED));
    }
  }

  private static int best(StepOutput output) {
    int best = 0;
    for (int id = 1; id < output.vocabSize(); id++) {
      if (output.logits()[id] > output.logits()[best]) {
        best = id;
      }
    }
    return best;
  }

  private static void assertLogprobs(
      double[] expected, StepOutput output, int row, String message) {
    assertArrayEquals(expected, logprobs(output, row, expected.length), TOLERANCE, message);
  }

  private static double[] logprobs(StepOutput output, int row, int vocabulary) {
    double[] logprobs = new double[vocabulary];
    double sum = 0;
    for (int id = 0; id < vocabulary; id++) {
      logprobs[id] = output.logits()[row * output.vocabSize() + id];
      sum += Math.exp(logprobs[id]);
    }
    for (int id = 0; id < vocabulary; id++) {
      logprobs[id] -= Math.log(sum);
    }
    return logprobs;
  }
}
