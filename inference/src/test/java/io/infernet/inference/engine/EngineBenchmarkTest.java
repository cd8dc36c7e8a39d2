package io.infernet.inference.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.engine.EngineBenchmark.Plan;
import io.infernet.inference.engine.EngineBenchmark.Result;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.testing.FakeInferenceEngine;
import io.infernet.inference.testing.FakeInferenceEngine.Script;
import io.infernet.inference.testing.FakeModels;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.simulation.VirtualTime;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class EngineBenchmarkTest {

  private static final InstalledModel MODEL = FakeModels.installed("fake");

  private final VirtualTime time = new VirtualTime();
  private final FakeInferenceEngine engine = new FakeInferenceEngine(time);
  private final EngineBenchmark benchmark = new EngineBenchmark(engine, time, () -> 42);

  @Test
  void measuresWhatTheScriptSays() {
    engine.script(Script.defaults().withTimes(Duration.ofMillis(20), Duration.ofMillis(2)));
    CompletableFuture<Result> measured =
        benchmark.measure(MODEL, new Plan(100, 11, 3, SamplingParams.greedy()));
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
  void failsWhenTheEngineDoes() {
    engine.script(Script.defaults().withStopAfter(5));
    CompletableFuture<Result> early = benchmark.measure(MODEL, Plan.defaults());
    time.runUntilIdle();
    assertTrue(early.isCompletedExceptionally());
    engine.script(Script.defaults().withFailAfter(5));
    CompletableFuture<Result> failed = benchmark.measure(MODEL, Plan.defaults());
    time.runUntilIdle();
    assertTrue(failed.isCompletedExceptionally());
  }

  @Test
  void refusesPlansThatDoNotFit() {
    assertThrows(
        IllegalArgumentException.class,
        () -> benchmark.measure(MODEL, new Plan(500, 13, 1, SamplingParams.greedy())));
    assertThrows(IllegalArgumentException.class, () -> new Plan(0, 2, 1, SamplingParams.greedy()));
    assertThrows(IllegalArgumentException.class, () -> new Plan(1, 1, 1, SamplingParams.greedy()));
    assertThrows(IllegalArgumentException.class, () -> new Plan(1, 2, 0, SamplingParams.greedy()));
  }

  @Test
  void readsMemory() {
    assertTrue(new MemoryBandwidth(2, Ticker.system()).gigabytesPerSecond() > 0);
  }
}
