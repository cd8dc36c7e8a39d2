package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.infernet.inference.batching.Chunk;
import io.infernet.inference.batching.Decoder;
import io.infernet.inference.batching.Logits;
import io.infernet.inference.batching.Step;
import io.infernet.inference.batching.StepOutput;
import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.TensorSpec;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.TokenScore.Alternative;
import io.infernet.inference.testing.Golden;
import io.infernet.inference.testing.TestModels;
import io.infernet.inference.tokenizer.TokenIds;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reference results of whole models, in float32, however a sequence is cut into steps. */
class StepGoldenTest {

  /** As the issue asks: log-probabilities within 1e-3 in float32. */
  private static final double TOLERANCE = 1e-3;

  /** Below this margin two greedy tokens are a tie. */
  private static final double TIE = 0.002;

  /** Places of a sequence in the cache; each test sequence has its own. */
  private static final int EXTENT = 128;

  @TempDir Path home;

  private Decoder decoder(String name, LinearKernel kernel) throws IOException {
    Libtorch.start(TestModels.config(home).nativesFolder());
    Path archive = home.resolve(name + kernel.label() + ".pt");
    try (Checkpoint checkpoint =
        Checkpoint.open(TestModels.install(name, home).folder(), CheckpointLimits.defaults())) {
      StepGraph graph = new StepGraph(checkpoint.config(), Arithmetic.FLOAT32, kernel, Device.CPU);
      StepGraph.Archive written = graph.archive(WeightSource.of(checkpoint));
      written.archive().write(archive);
      return StepDecoder.load(archive, written.files(), graph.sizes(EXTENT, 16 * EXTENT), 1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "storyteller",
        "tiny-llama3",
        "tiny-qwen2",
        "tiny-mistral",
        "tiny-qwen3",
        "tiny-gemma2"
      })
  void computesTheReferenceLogprobsOfAPromptAtOnce(String name) throws IOException {
    for (LinearKernel kernel : List.of(new PlainLinear(), new OneDnnLinear())) {
      try (Decoder decoder = decoder(name, kernel)) {
        for (Golden golden : Golden.of(name)) {
          int[] ids = golden.ids().toArray();
          StepOutput output =
              decoder.step(new Step(List.of(new Chunk(EXTENT, 0, ids, Logits.ALL)), false));
          assertLogprobs(golden, output, output.row(0), 0, ids.length, name);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "storyteller",
        "tiny-llama3",
        "tiny-qwen2",
        "tiny-mistral",
        "tiny-qwen3",
        "tiny-gemma2"
      })
  void computesTheSameInPiecesBesideOtherSequences(String name) throws IOException {
    try (Decoder decoder = decoder(name, new OneDnnLinear())) {
      List<Golden> goldens = Golden.of(name);
      int[] done = new int[goldens.size()];
      int[] piece = {1, 4, 9};
      while (true) {
        List<Chunk> chunks = new ArrayList<>();
        List<Integer> whose = new ArrayList<>();
        for (int i = 0; i < goldens.size(); i++) {
          int[] ids = goldens.get(i).ids().toArray();
          int end = Math.min(ids.length, done[i] + piece[i % piece.length]);
          if (done[i] < end) {
            chunks.add(
                new Chunk(
                    i * EXTENT,
                    done[i],
                    Arrays.copyOfRange(ids, done[i], end),
                    i == 1 ? Logits.LAST : Logits.ALL));
            whose.add(i);
          }
        }
        if (chunks.isEmpty()) {
          break;
        }
        StepOutput output = decoder.step(new Step(chunks, true));
        for (int c = 0; c < chunks.size(); c++) {
          int i = whose.get(c);
          int count = chunks.get(c).ids().length;
          int wanted = chunks.get(c).logits().rows(count);
          assertLogprobs(
              goldens.get(i), output, output.row(c), done[i] + count - wanted, wanted, name);
          done[i] += count;
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "storyteller",
        "tiny-llama3",
        "tiny-qwen2",
        "tiny-mistral",
        "tiny-qwen3",
        "tiny-gemma2"
      })
  void makesTheReferenceTokensFromAMovedCache(String name) throws IOException {
    try (Decoder decoder = decoder(name, new OneDnnLinear())) {
      for (Golden golden : Golden.of(name)) {
        int[] ids = golden.ids().toArray();
        StepOutput output =
            decoder.step(new Step(List.of(new Chunk(0, 0, ids, Logits.LAST)), false));
        int from = 0;
        List<Integer> made = new ArrayList<>();
        for (int i = 0; i < golden.certainTokens(TIE); i++) {
          int best = best(output);
          made.add(best);
          if (i == 3 && from == 0) {
            from = 3;
            decoder.copyCache(0, from, ids.length + i);
          }
          output =
              decoder.step(
                  new Step(
                      List.of(new Chunk(from, ids.length + i, new int[] {best}, Logits.LAST)),
                      false));
        }
        assertEquals(golden.greedy().slice(0, made.size()), TokenIds.of(made), golden.text());
      }
    }
  }

  @Test
  void givesTheStatesThatTheHeadSees() throws IOException {
    String name = "tiny-qwen2";
    float[] embedding = embedding(name);
    try (Decoder decoder = decoder(name, new OneDnnLinear())) {
      int[] ids = Golden.of(name).get(1).ids().toArray();
      Chunk chunk = new Chunk(0, 0, ids, Logits.LAST);
      float[] without = decoder.step(new Step(List.of(chunk), false)).logits().clone();
      StepOutput with = decoder.step(new Step(List.of(chunk), true));
      assertArrayEquals(without, with.logits());
      int width = decoder.hiddenSize();
      assertEquals(ids.length * width, with.hidden().length);
      // The head is the embedding.
      for (int id = 0; id < decoder.vocabSize(); id += 50) {
        double sum = 0;
        for (int i = 0; i < width; i++) {
          sum += with.hidden()[(ids.length - 1) * width + i] * embedding[id * width + i];
        }
        assertEquals(sum, with.logits()[id], 1e-4, "token " + id);
      }
    }
  }

  private float[] embedding(String name) throws IOException {
    try (Checkpoint checkpoint =
        Checkpoint.open(TestModels.install(name, home).folder(), CheckpointLimits.defaults())) {
      TensorSpec spec = checkpoint.config().tensors().embedding();
      float[] numbers = new float[(int) (checkpoint.tensor(spec.name()).size() / 2)];
      int[] next = {0};
      checkpoint.read(
          spec.name(),
          bytes -> {
            bytes.order(ByteOrder.LITTLE_ENDIAN);
            while (bytes.hasRemaining()) {
              numbers[next[0]++] = Float.intBitsToFloat(bytes.getShort() << 16);
            }
          });
      return numbers;
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
      Golden golden, StepOutput output, int row, int position, int count, String name) {
    for (int i = 0; i < count; i++) {
      int at = (row + i) * output.vocabSize();
      double sum = 0;
      float max = Float.NEGATIVE_INFINITY;
      for (int id = 0; id < output.vocabSize(); id++) {
        max = Math.max(max, output.logits()[at + id]);
      }
      for (int id = 0; id < output.vocabSize(); id++) {
        sum += Math.exp(output.logits()[at + id] - max);
      }
      for (Alternative expected : golden.logprobs().get(position + i)) {
        assertEquals(
            expected.logprob(),
            output.logits()[at + expected.id()] - max - Math.log(sum),
            TOLERANCE,
            name + " after token " + (position + i));
      }
    }
  }
}
