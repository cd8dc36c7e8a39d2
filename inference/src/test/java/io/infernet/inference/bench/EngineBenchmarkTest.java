package io.infernet.inference.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.bench.EngineBenchmark.Plan;
import io.infernet.inference.bench.EngineBenchmark.Result;
import io.infernet.inference.bench.EngineBenchmark.Soak;
import io.infernet.inference.bench.EngineBenchmark.Streams;
import io.infernet.inference.bench.EngineBenchmark.UnderLoad;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.testing.FakeInferenceEngine;
import io.infernet.inference.testing.FakeInferenceEngine.Script;
import io.infernet.inference.testing.FakeModels;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.simulation.VirtualTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class EngineBenchmarkTest {

  private static final InstalledModel MODEL = FakeModels.installed("fake");

  private final VirtualTime time = new VirtualTime();
  private final FakeInferenceEngine engine = new FakeInferenceEngine(time);
  private final EngineBenchmark benchmark = new EngineBenchmark(engine, time, () -> 42, () -> 7);

  @Test
  void measuresWhatTheScriptSays() {
    engine.script(Script.defaults().withTimes(Duration.ofMillis(20), Duration.ofMillis(2)));
    CompletableFuture<Result> measured = benchmark.measure(MODEL, plan(100, 11, 3));
    time.runUntilIdle();
    Result result = measured.join();
    assertEquals(MODEL.name(), result.model());
    assertEquals(20, result.firstTokenMillis(), 1e-9);
    assertEquals(5_000, result.prefillTokensPerSecond(), 1e-6);
    assertEquals(500, result.decodeTokensPerSecond(), 1e-6);
    assertEquals(1_000, result.memoryBytes());
    assertEquals(42, result.memoryGigabytesPerSecond());
    assertEquals(3, engine.requests().size());
  }

  @Test
  void countsTheTokensOfAllStreamsWhileAllAreBeingMade() {
    engine.script(Script.defaults().withTimes(Duration.ofMillis(20), Duration.ofMillis(2)));
    CompletableFuture<Result> measured =
        benchmark.measure(MODEL, new Plan(10, 11, 1, List.of(1, 8), 0, 0, SamplingParams.greedy()));
    time.runUntilIdle();
    List<Streams> streams = measured.join().streams();
    assertEquals(List.of(1, 8), streams.stream().map(Streams::count).toList());
    assertEquals(500, streams.get(0).tokensPerSecond(), 1e-6);
    assertEquals(8, streams.get(1).timesOne(), 1e-6);
  }

  @Test
  void asksBesideOtherAnswersAndEndsThem() {
    engine.script(Script.defaults().withTimes(Duration.ofMillis(20), Duration.ofMillis(2)));
    CompletableFuture<Result> measured =
        benchmark.measure(MODEL, new Plan(10, 11, 1, List.of(), 4, 400, SamplingParams.greedy()));
    time.runUntilIdle();
    List<UnderLoad> underLoad = measured.join().underLoad();
    assertEquals(List.of(new UnderLoad(4, 0, 20, 20), new UnderLoad(4, 400, 20, 20)), underLoad);
    assertEquals(0, engine.running());
  }

  @Test
  void asksForHiddenStatesInHalfOfTheAnswersItCompares() {
    engine.script(Script.defaults().withTimes(Duration.ofMillis(20), Duration.ofMillis(2)));
    CompletableFuture<EngineBenchmark.Hidden> measured = benchmark.hidden(MODEL, plan(10, 11, 4));
    time.runUntilIdle();
    assertEquals(new EngineBenchmark.Hidden(4, 2, 2), measured.join());
    assertEquals(0, measured.join().cost());
    List<Boolean> asked =
        engine.requests().stream().skip(1).map(GenerationRequest::hiddenStates).toList();
    assertEquals(List.of(false, true, true, false, false, true, true, false), asked);
  }

  @Test
  void noTwoPromptsBeginAlike() {
    CompletableFuture<Soak> soak = benchmark.soak(MODEL, plan(10, 2, 1), 500, 3, answered -> {});
    time.runUntilIdle();
    assertEquals(new Soak(500, 7, 7), soak.join());
    assertEquals(500, engine.requests().stream().map(GenerationRequest::prompt).distinct().count());
  }

  @Test
  void failsWhenTheEngineDoes() {
    engine.script(Script.defaults().withStopAfter(5));
    CompletableFuture<Result> early = benchmark.measure(MODEL, plan(10, 10, 1));
    time.runUntilIdle();
    assertTrue(early.isCompletedExceptionally());
    engine.script(Script.defaults().withFailAfter(5));
    CompletableFuture<Result> failed = benchmark.measure(MODEL, plan(10, 10, 1));
    time.runUntilIdle();
    assertTrue(failed.isCompletedExceptionally());
  }

  @Test
  void refusesPlansThatDoNotFit() {
    assertThrows(IllegalArgumentException.class, () -> benchmark.measure(MODEL, plan(500, 13, 1)));
    assertThrows(IllegalArgumentException.class, () -> plan(0, 2, 1));
    assertThrows(IllegalArgumentException.class, () -> plan(1, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> plan(1, 2, 0));
  }

  private static Plan plan(int promptTokens, int outputTokens, int repeats) {
    return new Plan(promptTokens, outputTokens, repeats, List.of(), 0, 0, SamplingParams.greedy());
  }

  @Test
  void readsMemory() {
    assertTrue(new MemoryBandwidth(2, Ticker.system()).gigabytesPerSecond() > 0);
  }
}
