package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.batching.BatcherConfig;
import io.infernet.inference.batching.ContinuousBatcher;
import io.infernet.inference.batching.Decoder;
import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DType;
import io.infernet.inference.checkpoint.RandomCheckpoint;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.testing.FakeModels;
import io.infernet.inference.testing.RecordingListener;
import io.infernet.inference.testing.ReferenceDecoder;
import io.infernet.inference.testing.TestModels;
import io.infernet.inference.testing.TinyConfigs;
import io.infernet.inference.tokenizer.TokenIds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers that begin within longrope's original context and end beyond it. */
class LongRopeTest {

  private static final int ORIGINAL = 32;
  private static final int ANSWER = 16;
  private static final double TOLERANCE = 1e-3;
  private static final long SEED = 7;

  @TempDir Path home;

  private Decoder decoder() throws IOException {
    ObjectNode config = (ObjectNode) new ObjectMapper().readTree(TinyConfigs.of("phi3-longrope"));
    config.put("original_max_position_embeddings", ORIGINAL);
    new RandomCheckpoint(config.toString().getBytes(StandardCharsets.UTF_8), DType.F32, 1, SEED)
        .writeTo(home);
    Libtorch.start(TestModels.config(home).nativesFolder());
    Path archive = home.resolve("graph.pt");
    try (Checkpoint checkpoint = Checkpoint.open(home, CheckpointLimits.defaults())) {
      StepGraph graph =
          new StepGraph(checkpoint.config(), Arithmetic.FLOAT32, new PlainLinear(), Device.CPU);
      StepGraph.Archive written = graph.archive(WeightSource.of(checkpoint));
      written.archive().write(archive);
      return StepDecoder.load(archive, written.files(), graph.sizes(128, 512), 1);
    }
  }

  @Test
  void computesATextAgainWhenItGrowsBeyondTheOriginalContext() throws IOException {
    try (Decoder decoder = decoder();
        ReferenceDecoder reference = new ReferenceDecoder(home)) {
      assertEquals(ORIGINAL, decoder.stretchAfter());
      ContinuousBatcher batcher =
          new ContinuousBatcher(
              BatcherConfig.defaults(),
              CompletableFuture.completedFuture(decoder),
              Runnable::run,
              () -> {});
      int[] text = new SplittableRandom(SEED).ints(ORIGINAL + 20, 1, 300).toArray();
      // Beside each other, beginning alike: within, up to the edge, across it, beyond it.
      List<Integer> lengths = List.of(10, ORIGINAL - ANSWER, 25, ORIGINAL, ORIGINAL + 20);
      List<RecordingListener> answers =
          lengths.stream()
              .map(
                  length -> {
                    RecordingListener listener = new RecordingListener();
                    batcher.submit(request(Arrays.copyOf(text, length)), listener);
                    return listener;
                  })
              .toList();
      while (batcher.step()) {
        // Until nobody has anything to compute.
      }
      for (int i = 0; i < answers.size(); i++) {
        TokenIds made = answers.get(i).await().tokens();
        assertEquals(ANSWER, made.size());
        int[] ids = Arrays.copyOf(text, lengths.get(i));
        for (int id : made.toArray()) {
          double[] expected = reference.logprobs(ids)[ids.length - 1];
          double best = Arrays.stream(expected).max().orElseThrow();
          assertTrue(
              best - expected[id] <= TOLERANCE,
              "chose %d after %d tokens of a prompt of %d, seed %d"
                  .formatted(id, ids.length, lengths.get(i), SEED));
          ids = Arrays.copyOf(ids, ids.length + 1);
          ids[ids.length - 1] = id;
        }
      }
      batcher.close();
    }
  }

  private static GenerationRequest request(int[] prompt) {
    return new GenerationRequest(
        FakeModels.installed("phi"),
        TokenIds.of(prompt),
        TokenIds.empty(),
        SamplingParams.greedy(),
        ANSWER,
        Set.of(),
        OptionalInt.empty(),
        false);
  }
}
