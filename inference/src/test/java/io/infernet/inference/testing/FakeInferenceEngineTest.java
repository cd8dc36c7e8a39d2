package io.infernet.inference.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.engine.ContextLengthExceededException;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.testing.FakeInferenceEngine.Script;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.simulation.VirtualTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class FakeInferenceEngineTest {

  private static final InstalledModel MODEL = FakeModels.installed("fake");

  private final VirtualTime time = new VirtualTime();
  private final FakeInferenceEngine engine = new FakeInferenceEngine(time);

  private static GenerationRequest request(int maxTokens) {
    return GenerationRequest.of(MODEL, TokenIds.of(5, 6), SamplingParams.greedy(), maxTokens);
  }

  private RecordingListener generate(GenerationRequest request) {
    RecordingListener listener = new RecordingListener();
    engine.generate(request, listener);
    return listener;
  }

  @Test
  void answersAsTheScriptSays() {
    engine.script(
        Script.defaults().withTimes(Duration.ofMillis(10), Duration.ofMillis(3)).withStopAfter(4));
    RecordingListener listener = generate(request(9));
    time.advance(Duration.ofMillis(9));
    assertEquals(0, listener.ids().size());
    time.advance(Duration.ofMillis(1));
    assertEquals(1, listener.ids().size());
    time.advance(Duration.ofMillis(6));
    assertEquals(3, listener.ids().size());
    time.runUntilIdle();
    assertEquals(4, listener.ids().size());
    assertEquals(FinishReason.STOP, listener.await().reason());
    assertEquals(new Usage(2, 4), listener.await().usage());
    assertEquals(0, engine.running());
  }

  @Test
  void resumesWithTheSameTokens() {
    RecordingListener whole = generate(request(8));
    time.runUntilIdle();
    TokenIds all = whole.await().tokens();
    assertEquals(8, all.size());
    RecordingListener rest = generate(request(8).resumedAfter(all.slice(0, 3)));
    time.runUntilIdle();
    assertEquals(all.slice(3, 8), rest.await().tokens());
  }

  @Test
  void stallsFailsAndIsBusyOnDemand() {
    engine.script(Script.defaults().withStallAfter(2).withCapacity(1));
    RecordingListener listener = new RecordingListener();
    Generation stalled = engine.generate(request(8), listener);
    time.runUntilIdle();
    assertEquals(2, listener.ids().size());
    assertFalse(listener.answer().isDone());
    assertThrows(EngineBusyException.class, () -> generate(request(8)));
    stalled.cancel();
    assertEquals(FinishReason.CANCELLED, listener.await().reason());

    engine.script(Script.defaults().withFailAfter(1));
    RecordingListener failing = generate(request(8));
    time.runUntilIdle();
    assertTrue(failing.answer().isCompletedExceptionally());
    assertEquals(1, failing.ids().size());
  }

  @Test
  void knowsItsContext() {
    GenerationRequest tooLong =
        GenerationRequest.of(MODEL, TokenIds.of(new int[512]), SamplingParams.greedy(), 5);
    ContextLengthExceededException error =
        assertThrows(ContextLengthExceededException.class, () -> generate(tooLong));
    assertEquals(
        "the prompt has 512 tokens, but fake takes 512 for prompt and answer together; shorten the"
            + " prompt",
        error.getMessage());
    RecordingListener last =
        generate(
            GenerationRequest.of(MODEL, TokenIds.of(new int[510]), SamplingParams.greedy(), 5));
    time.runUntilIdle();
    assertEquals(2, last.await().tokens().size());
  }
}
