package io.infernet.inference.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.testing.FakeModels;
import io.infernet.inference.testing.RecordingListener;
import io.infernet.inference.tokenizer.TokenIds;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** A batcher on a fake decoder, driven by the test. */
final class Batch {

  static final InstalledModel MODEL = FakeModels.installed("fake");

  /** 3 answers and 2 waiting; prompts in pieces of 8, or 4 beside others; anything is shared. */
  static final BatcherConfig CONFIG = new BatcherConfig(3, 2, 8, 4, 4, 8, 1, 1, false);

  /** The same without sharing. */
  static final BatcherConfig PLAIN = new BatcherConfig(3, 2, 8, 4, 4, 0, 1000, 1, false);

  final FakeDecoder decoder;
  final ContinuousBatcher batcher;

  Batch(BatcherConfig config, FakeDecoder decoder) {
    this.decoder = decoder;
    batcher =
        new ContinuousBatcher(
            config, CompletableFuture.completedFuture(decoder), Runnable::run, () -> {});
  }

  static GenerationRequest request(int maxTokens, int... prompt) {
    return request(SamplingParams.greedy(), maxTokens, prompt);
  }

  static GenerationRequest request(SamplingParams sampling, int maxTokens, int... prompt) {
    return new GenerationRequest(
        MODEL,
        TokenIds.of(prompt),
        TokenIds.empty(),
        sampling,
        maxTokens,
        Set.of(),
        OptionalInt.empty(),
        false);
  }

  static GenerationRequest scored(GenerationRequest request, int top) {
    return new GenerationRequest(
        MODEL,
        request.prompt(),
        request.outputSoFar(),
        request.sampling(),
        request.maxTokens(),
        request.stopIds(),
        OptionalInt.of(top),
        true);
  }

  /** A prompt of that length whose first {@code same} tokens are those of all such prompts. */
  static int[] prompt(int length, int same, int seed) {
    int[] prompt = new int[length];
    for (int i = 0; i < length; i++) {
      prompt[i] = (i < same ? i * 7 : i * 11 + seed * 13 + 1) % 48;
    }
    return prompt;
  }

  RecordingListener submit(GenerationRequest request) {
    RecordingListener listener = new RecordingListener();
    submit(request, listener);
    return listener;
  }

  Generation submit(GenerationRequest request, TokenListener listener) {
    return batcher.submit(request, listener);
  }

  /** Steps until nothing is to be done; returns how many. */
  int run() {
    int steps = 0;
    while (batcher.step()) {
      steps++;
      assertTrue(steps < 1_000_000, "the batcher does not come to an end");
    }
    return steps;
  }

  /** The answer is what it would be if nothing else had been asked. */
  static void assertAlone(GenerationRequest request, RecordingListener listener) {
    TokenIds tokens = listener.await().tokens();
    List<Integer> alone =
        FakeDecoder.answer(
            request.prompt().toArray(),
            request.sampling(),
            request.outputSoFar().size() + tokens.size());
    assertEquals(TokenIds.of(alone.subList(request.outputSoFar().size(), alone.size())), tokens);
  }

  void assertNoFaults() {
    assertEquals(List.of(), decoder.faults);
  }
}
