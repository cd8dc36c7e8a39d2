package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.batching.BatcherConfig;
import io.infernet.inference.bench.ResidentMemory;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.pool.ModelTooLargeException;
import io.infernet.inference.testing.Golden;
import io.infernet.inference.testing.RecordingListener;
import io.infernet.inference.testing.TestModels;
import io.infernet.inference.tokenizer.TokenIds;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the real engine holds and gives back, and whether it repeats itself. */
class DjlEngineLifecycleTest {

  @TempDir Path home;

  private DjlInferenceEngine engine(EngineConfig config) {
    return new DjlInferenceEngine(config, CheckpointLimits.defaults());
  }

  private static EngineConfig.Memory memory(long budget, long cache, int models) {
    return new EngineConfig.Memory(budget, cache, models, Duration.ZERO);
  }

  private static TokenIds prompt(int which) {
    return Golden.of("storyteller").get(which).ids();
  }

  private static RecordingListener ask(
      DjlInferenceEngine engine, InstalledModel model, TokenIds prompt, int tokens) {
    RecordingListener listener = new RecordingListener();
    engine.generate(
        new GenerationRequest(
            model,
            prompt,
            TokenIds.empty(),
            SamplingParams.greedy(),
            tokens,
            Set.of(),
            OptionalInt.of(5),
            false),
        listener);
    return listener;
  }

  @Test
  void givesBackTheMemoryOfEveryModelThatLeaves() throws IOException {
    InstalledModel one = TestModels.install("storyteller:fp32", home);
    InstalledModel other = TestModels.install("storyteller:bf16", home);
    try (DjlInferenceEngine engine =
        engine(TestModels.config(home).withMemory(memory(0, 16 << 20, 1)))) {
      long settled = 0;
      for (int i = 0; i < 24; i++) {
        ask(engine, i % 2 == 0 ? one : other, prompt(0), 4).await();
        if (i == 7) {
          settled = ResidentMemory.bytes();
        }
      }
      assertEquals(1, engine.loaded().size());
      long grown = ResidentMemory.bytes() - settled;
      // Sixteen more loads of 20 to 40 MB each.
      assertTrue(grown < 64 << 20, () -> "16 loads left " + (grown >> 20) + " MiB behind");
    }
  }

  @Test
  void refusesModelsBeyondTheBudgetAndNamesASmallerVariant() throws IOException {
    InstalledModel model = TestModels.install("storyteller:fp32", home);
    try (DjlInferenceEngine engine =
        engine(
            TestModels.config(home)
                .withBatching(BatcherConfig.defaults().withLimits(4, 4))
                .withMemory(memory(20 << 20, 1 << 20, 4)))) {
      Throwable error =
          assertThrows(CompletionException.class, () -> engine.load(model).join()).getCause();
      assertInstanceOf(ModelTooLargeException.class, error);
      assertTrue(
          error
              .getMessage()
              .matches(
                  "storyteller:fp32 needs .* MiB, this machine has 20.0 MiB: try storyteller:.*"),
          error.getMessage());
      InstalledModel small = TestModels.install("tiny-llama3", home);
      engine.load(small).join();
    }
  }

  @Test
  void repeatsItselfBitForBitInDeterministicModeWhateverElseIsAsked() throws IOException {
    InstalledModel model = TestModels.install("storyteller", home);
    BatcherConfig usual = BatcherConfig.defaults();
    EngineConfig config = TestModels.config(home).withThreads(2).withBatching(deterministic(usual));
    List<double[]> alone = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      try (DjlInferenceEngine engine = engine(config)) {
        for (int i = 0; i < 3; i++) {
          alone.add(scores(ask(engine, model, prompt(i), 24).await()));
        }
      }
    }
    try (DjlInferenceEngine engine = engine(config)) {
      List<RecordingListener> all = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        all.add(ask(engine, model, prompt(i % 3), 24));
      }
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(alone.get(i), alone.get(3 + i), "a second engine, answer " + i);
      }
      for (int i = 0; i < 12; i++) {
        assertArrayEquals(alone.get(i % 3), scores(all.get(i).await()), "beside others, " + i);
      }
    }
  }

  private static BatcherConfig deterministic(BatcherConfig usual) {
    return new BatcherConfig(
        usual.maxBatch(),
        usual.maxWaiting(),
        usual.prefillTokens(),
        usual.mixedTokens(),
        usual.growth(),
        usual.maxKept(),
        usual.leastShared(),
        usual.samplingThreads(),
        true);
  }

  /** The log-probabilities of an answer, all their bits. */
  private static double[] scores(RecordingListener.Answer answer) {
    return answer.details().stream()
        .flatMap(token -> token.score().orElseThrow().top().stream())
        .mapToDouble(alternative -> alternative.logprob())
        .toArray();
  }

  @Test
  void twoEnginesShareOneJvm() throws IOException {
    InstalledModel model = TestModels.install("storyteller", home);
    try (DjlInferenceEngine first = engine(TestModels.config(home));
        DjlInferenceEngine second = engine(TestModels.config(home))) {
      CompletableFuture<Void> both = CompletableFuture.allOf(first.load(model), second.load(model));
      both.join();
      TokenIds answer = ask(first, model, prompt(0), 8).await().tokens();
      first.close();
      assertEquals(answer, ask(second, model, prompt(0), 8).await().tokens());
    }
  }

  @Test
  void canBeClosedWhileItLoads() throws IOException {
    InstalledModel model = TestModels.install("storyteller", home);
    for (int i = 0; i < 3; i++) {
      DjlInferenceEngine engine = engine(TestModels.config(home));
      CompletableFuture<Void> load = engine.load(model);
      engine.close();
      assertTrue(load.isDone());
      assertEquals(List.of(), engine.loaded());
    }
  }
}
