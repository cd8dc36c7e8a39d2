package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.batching.BatcherConfig;
import io.infernet.inference.batching.ContinuousBatcher;
import io.infernet.inference.batching.Decoder;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.GeneratedToken;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.HiddenStates;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.testing.RecordingListener;
import io.infernet.inference.testing.TestModels;
import io.infernet.inference.tokenizer.TokenIds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers made together by the real engine are those made alone, but for rounding. */
class ContinuousBatchingTest {

  /** Two tokens whose log-probabilities are closer than this may change places by rounding. */
  private static final double TIE = 1e-3;

  private static final int PLACES = 6000;

  @TempDir static Path home;
  private static InstalledModel model;
  private static Decoder decoder;

  @BeforeAll
  static void load() throws IOException {
    model = TestModels.install("storyteller:fp32", home);
    decoder = load(PLACES);
  }

  @AfterAll
  static void close() {
    decoder.close();
  }

  private static Decoder load(int places) {
    return new DjlDecoderLoader(TestModels.config(home), CheckpointLimits.defaults())
        .load(model, Device.CPU, places);
  }

  private static ContinuousBatcher batcher(BatcherConfig config, Decoder on) {
    return new ContinuousBatcher(
        config, CompletableFuture.completedFuture(on), Runnable::run, () -> {});
  }

  private static void run(ContinuousBatcher batcher) {
    while (batcher.step()) {
      // To the end.
    }
  }

  private static GenerationRequest request(int maxTokens, int... prompt) {
    return new GenerationRequest(
        model,
        TokenIds.of(prompt),
        TokenIds.empty(),
        SamplingParams.greedy(),
        maxTokens,
        Set.of(),
        OptionalInt.of(2),
        false);
  }

  private static List<GenerationRequest> requests(int count, int tokens, int same) {
    SplittableRandom random = new SplittableRandom(1);
    int[] system = random.ints(same, 1, 4096).toArray();
    List<GenerationRequest> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] prompt = Arrays.copyOf(system, same + 3 + random.nextInt(40));
      for (int j = same; j < prompt.length; j++) {
        prompt[j] = 1 + random.nextInt(4095);
      }
      requests.add(request(tokens, prompt));
    }
    return requests;
  }

  private static RecordingListener.Answer alone(GenerationRequest request) {
    RecordingListener listener = new RecordingListener();
    BatcherConfig config = BatcherConfig.defaults().withLimits(1, 0);
    ContinuousBatcher batcher = batcher(config, decoder);
    batcher.submit(request, listener);
    run(batcher);
    return listener.await();
  }

  /** The same tokens with the same probabilities, up to a tie if there is one. */
  private static int assertSame(
      RecordingListener.Answer expected, RecordingListener.Answer actual) {
    assertEquals(expected.tokens().size(), actual.tokens().size());
    for (int i = 0; i < expected.tokens().size(); i++) {
      TokenScore score = expected.details().get(i).score().orElseThrow();
      boolean tie = score.top().get(0).logprob() - score.top().get(1).logprob() < TIE;
      if (tie && expected.tokens().get(i) != actual.tokens().get(i)) {
        return i;
      }
      assertEquals(expected.tokens().get(i), actual.tokens().get(i), "token " + i);
      assertEquals(
          score.logprob(),
          actual.details().get(i).score().orElseThrow().logprob(),
          TIE,
          "token " + i);
    }
    return expected.tokens().size();
  }

  private static void assertAllAsAlone(
      List<GenerationRequest> requests, List<RecordingListener> listeners) {
    int compared = 0;
    int all = 0;
    for (int i = 0; i < requests.size(); i++) {
      RecordingListener.Answer expected = alone(requests.get(i));
      compared += assertSame(expected, listeners.get(i).await());
      all += expected.tokens().size();
    }
    assertTrue(compared > 0.9 * all, "only %d of %d tokens were no ties".formatted(compared, all));
  }

  private static List<RecordingListener> submit(
      ContinuousBatcher batcher, List<GenerationRequest> requests) {
    List<RecordingListener> listeners = new ArrayList<>();
    for (GenerationRequest request : requests) {
      RecordingListener listener = new RecordingListener();
      batcher.submit(request, listener);
      listeners.add(listener);
    }
    return listeners;
  }

  @Test
  void makes64AnswersTogetherAsAlone() {
    ContinuousBatcher batcher = batcher(BatcherConfig.defaults(), decoder);
    List<GenerationRequest> requests = requests(64, 24, 0);
    List<RecordingListener> listeners = submit(batcher, requests);
    batcher.step();
    assertEquals(64, batcher.status().running());
    run(batcher);
    assertAllAsAlone(requests, listeners);
    assertEquals(0, batcher.status().activeTokens());
  }

  @Test
  void usesASharedPromptAgain() {
    ContinuousBatcher batcher = batcher(BatcherConfig.defaults(), decoder);
    List<GenerationRequest> requests = requests(8, 12, 200);
    List<RecordingListener> listeners = submit(batcher, requests.subList(0, 4));
    run(batcher);
    listeners.addAll(submit(batcher, requests.subList(4, 8)));
    run(batcher);
    assertEquals(7 * 200, batcher.status().reusedTokens());
    assertAllAsAlone(requests, listeners);
  }

  @Test
  void answersThatHadToRestAreAsAlone() {
    try (Decoder small = load(600)) {
      ContinuousBatcher batcher = batcher(BatcherConfig.defaults(), small);
      List<GenerationRequest> requests = requests(8, 150, 0);
      List<RecordingListener> listeners = submit(batcher, requests);
      run(batcher);
      assertTrue(batcher.status().preemptions() > 0);
      assertAllAsAlone(requests, listeners);
    }
  }

  @Test
  void cancelsWithinOneStep() {
    ContinuousBatcher batcher = batcher(BatcherConfig.defaults(), decoder);
    List<Generation> generations = new ArrayList<>();
    List<RecordingListener> listeners = new ArrayList<>();
    for (GenerationRequest request : requests(16, 200, 0)) {
      RecordingListener listener = new RecordingListener();
      listeners.add(listener);
      generations.add(batcher.submit(request, listener));
    }
    for (int i = 0; i < 8; i++) {
      batcher.step();
    }
    generations.subList(0, 15).forEach(Generation::cancel);
    batcher.step();
    assertEquals(1, batcher.status().running());
    for (RecordingListener listener : listeners.subList(0, 15)) {
      assertEquals(FinishReason.CANCELLED, listener.await().reason());
    }
    generations.get(15).cancel();
    batcher.step();
    assertEquals(0, batcher.status().activeTokens());
  }

  @Test
  void sameRequestSameBitsInDeterministicMode() {
    BatcherConfig usual = BatcherConfig.defaults();
    BatcherConfig config =
        new BatcherConfig(
            8,
            usual.maxWaiting(),
            64,
            usual.mixedTokens(),
            usual.growth(),
            usual.maxKept(),
            usual.leastShared(),
            1,
            true);
    List<GenerationRequest> requests = requests(6, 10, 150);
    List<RecordingListener> together = new ArrayList<>();
    ContinuousBatcher busy = batcher(config, decoder);
    together.addAll(submit(busy, requests));
    run(busy);
    assertTrue(busy.status().reusedTokens() > 0);
    for (int i = 0; i < requests.size(); i++) {
      ContinuousBatcher idle = batcher(config, decoder);
      RecordingListener listener = submit(idle, List.of(requests.get(i))).get(0);
      run(idle);
      assertEquals(listener.await().details(), together.get(i).await().details());
    }
  }

  @Test
  void hiddenStatesOfPromptAndAnswerAreThoseOfOnePrefill() {
    HiddenListener decoded = new HiddenListener();
    ContinuousBatcher batcher = batcher(BatcherConfig.defaults(), decoder);
    GenerationRequest request = request(20, 5, 6, 7, 8, 9);
    submit(batcher, requests(4, 30, 0));
    batcher.submit(request.withHiddenStates(), decoded);
    run(batcher);
    TokenIds all = request.prompt().concat(TokenIds.of(decoded.ids));
    assertEquals(25, all.size());
    HiddenListener prefilled = new HiddenListener();
    batcher.submit(request(1, all.slice(0, 24).toArray()).withHiddenStates(), prefilled);
    run(batcher);
    assertEquals(24, decoded.rows.size());
    assertEquals(24, prefilled.rows.size());
    for (int i = 0; i < 24; i++) {
      assertEquals(decoder.hiddenSize(), decoded.rows.get(i).length);
      for (int j = 0; j < decoded.rows.get(i).length; j++) {
        assertEquals(prefilled.rows.get(i)[j], decoded.rows.get(i)[j], 2e-3, "token " + i);
      }
    }
  }

  private static final class HiddenListener implements TokenListener {
    private final List<Integer> ids = new ArrayList<>();
    private final List<float[]> rows = new ArrayList<>();

    @Override
    public void onHidden(HiddenStates states) {
      assertEquals(rows.size(), states.position());
      float[] all = states.toArray();
      for (int i = 0; i < states.tokens(); i++) {
        rows.add(Arrays.copyOfRange(all, i * states.size(), (i + 1) * states.size()));
      }
    }

    @Override
    public void onToken(GeneratedToken token) {
      ids.add(token.id());
    }

    @Override
    public void onFinish(FinishReason reason, Usage usage) {}

    @Override
    public void onError(Throwable error) {
      throw new AssertionError(error);
    }
  }
}
