package io.infernet.inference.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import io.infernet.inference.batching.BatcherConfig;
import io.infernet.inference.batching.Decoder;
import io.infernet.inference.batching.Step;
import io.infernet.inference.batching.StepOutput;
import io.infernet.inference.encoding.EncodingLimits;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.EncodingRequest;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.LoadedModel;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.testing.FakeModels;
import io.infernet.inference.testing.RecordingListener;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.inference.tokenizer.TypedTokens;
import io.infernet.libp2p.concurrent.Ticker;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The engine's threads and their ends, with models that are made up. */
class PooledInferenceEngineTest {

  private final AtomicInteger loads = new AtomicInteger();
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicReference<Thread> stepping = new AtomicReference<>();
  private volatile Consumer<InstalledModel> beforeLoad = model -> {};
  private volatile Consumer<Step> beforeStep = step -> {};
  private final PooledInferenceEngine engine = engine();

  private static final class Gate {
    final CountDownLatch reached = new CountDownLatch(1);
    final CountDownLatch open = new CountDownLatch(1);

    void pass() {
      reached.countDown();
      try {
        assertTrue(open.await(60, TimeUnit.SECONDS), "nobody opened the gate");
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    void await() {
      try {
        assertTrue(reached.await(60, TimeUnit.SECONDS), "nobody came to the gate");
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** A model that says 1, 2, 3, …, by the position of the token before. */
  private final class CountingDecoder implements Decoder {
    private boolean closed;

    CountingDecoder() {
      open.incrementAndGet();
    }

    @Override
    public int vocabSize() {
      return 600;
    }

    @Override
    public int hiddenSize() {
      return 1;
    }

    @Override
    public int contextLength() {
      return 512;
    }

    @Override
    public int cacheTokens() {
      return 2048;
    }

    @Override
    public long memoryBytes() {
      return 1000;
    }

    @Override
    public StepOutput step(Step step) {
      stepping.set(Thread.currentThread());
      assertFalse(closed, "a step of a closed model");
      beforeStep.accept(step);
      float[] logits = new float[step.rows() * vocabSize()];
      int row = 0;
      for (var chunk : step.chunks()) {
        int count = chunk.ids().length;
        int rows = chunk.logits().rows(count);
        for (int i = count - rows; i < count; i++) {
          logits[row++ * vocabSize() + chunk.position() + i + 1] = 9;
        }
      }
      return new StepOutput(step, logits, vocabSize(), new float[0]);
    }

    @Override
    public void copyCache(int from, int to, int tokens) {}

    @Override
    public void close() {
      assertFalse(closed, "closed twice");
      closed = true;
      open.decrementAndGet();
    }
  }

  private PooledInferenceEngine engine() {
    ModelLoader loader =
        new ModelLoader() {
          @Override
          public ModelNeed need(InstalledModel model, long capacity) {
            return new ModelNeed(model.name(), 600, 400, 0, 2048, List.of());
          }

          @Override
          public Resident load(InstalledModel model, ModelNeed need) {
            loads.incrementAndGet();
            beforeLoad.accept(model);
            return new Resident.Writer(new CountingDecoder());
          }
        };
    return new PooledInferenceEngine(
        512,
        BatcherConfig.defaults(),
        EncodingLimits.defaults(),
        PoolConfig.defaults().withMaxModels(1),
        loader,
        new SharedRoom("this machine", 2000, () -> new SystemMemory.Reading(1L << 40, 1L << 40)),
        () -> Device.CPU,
        Runnable::run,
        Ticker.system(),
        Clock.systemUTC());
  }

  @AfterEach
  void close() {
    engine.close();
    assertEquals(0, open.get(), "models were left in memory");
  }

  private RecordingListener ask(String model, int tokens) {
    RecordingListener listener = new RecordingListener();
    ask(model, tokens, listener);
    return listener;
  }

  private Generation ask(String model, int tokens, RecordingListener listener) {
    return engine.generate(
        GenerationRequest.of(
            FakeModels.installed(model), TokenIds.of(7), SamplingParams.greedy(), tokens),
        listener);
  }

  private static EncodingRequest encoding(String model) {
    return new EncodingRequest(
        FakeModels.installed(model), List.of(TypedTokens.single(TokenIds.of(1, 2))));
  }

  private static Throwable failure(CompletableFuture<?> future) {
    return assertThrows(
            CompletionException.class, () -> future.orTimeout(60, TimeUnit.SECONDS).join())
        .getCause();
  }

  @Test
  void answersAndSaysWhatIsInMemory() {
    assertEquals(TokenIds.of(1, 2, 3), ask("a", 3).await().tokens());
    LoadedModel model = engine.loaded().get(0);
    assertEquals("a", model.manifest().name().toString());
    assertEquals(1000, model.memoryBytes());
    assertEquals(400, model.cacheBytes());
    assertFalse(model.pinned());
    assertTrue(model.idleSince().isPresent());
    engine.pin(FakeModels.installed("a")).join();
    assertTrue(engine.loaded().get(0).pinned());
    assertEquals(1, loads.get());
  }

  @Test
  void lendsItsRoomToOneModelAfterTheOther() {
    for (int i = 0; i < 5; i++) {
      assertEquals(TokenIds.of(1), ask(i % 2 == 0 ? "a" : "b", 1).await().tokens());
      assertEquals(1, engine.loaded().size());
    }
    assertEquals(5, loads.get());
  }

  @Test
  void lateAnswersWaitForTheModelInUse() {
    Gate gate = new Gate();
    beforeStep = step -> gate.pass();
    RecordingListener first = ask("a", 2);
    gate.await();
    RecordingListener second = ask("b", 2);
    assertFalse(second.answer().isDone());
    gate.open.countDown();
    assertEquals(TokenIds.of(1, 2), first.await().tokens());
    assertEquals(TokenIds.of(1, 2), second.await().tokens());
  }

  @Test
  void failsTheAnswersOfAModelThatDoesNotLoadAndNoOthers() {
    beforeLoad =
        model -> {
          if (model.name().name().equals("bad")) {
            throw new InfernetException("the model is damaged");
          }
        };
    RecordingListener bad = ask("bad", 1);
    assertEquals("the model is damaged", failure(bad.answer()).getMessage());
    assertEquals(TokenIds.of(1), ask("good", 1).await().tokens());
    beforeLoad =
        model -> {
          throw new StackOverflowError("deep");
        };
    assertInstanceOf(StackOverflowError.class, failure(ask("bad", 1).answer()));
    beforeLoad = model -> {};
    assertEquals(TokenIds.of(1), ask("bad", 1).await().tokens());
  }

  @Test
  void survivesErrorsInAStep() {
    beforeStep =
        step -> {
          throw new NoClassDefFoundError("gone");
        };
    assertInstanceOf(NoClassDefFoundError.class, failure(ask("a", 3).answer()));
    beforeStep = step -> {};
    assertEquals(TokenIds.of(1), ask("a", 1).await().tokens());
    assertEquals(1, loads.get());
    assertTrue(engine.trouble().isEmpty());
  }

  @Test
  void loadsAModelAnewWhoseStepsKeepFailing() {
    beforeStep =
        step -> {
          throw new IllegalStateException("libtorch failed");
        };
    for (int i = 0; i < ModelPool.MAX_FAILED; i++) {
      assertEquals("libtorch failed", failure(ask("a", 1).answer()).getMessage());
    }
    beforeStep = step -> {};
    assertEquals(TokenIds.of(1), ask("a", 1).await().tokens());
    assertEquals(2, loads.get());
  }

  @Test
  void takesNoCancelledEncodingForAFailureOfTheModel() {
    Gate gate = new Gate();
    beforeStep = step -> gate.pass();
    RecordingListener answer = ask("a", 1);
    gate.await();
    for (int i = 0; i < ModelPool.MAX_FAILED; i++) {
      engine.encode(encoding("a")).cancel(true);
    }
    gate.open.countDown();
    answer.await();
    ask("a", 1).await();
    assertEquals(1, loads.get());
  }

  @Test
  void survivesInterrupts() {
    assertEquals(TokenIds.of(1), ask("a", 1).await().tokens());
    stepping.get().interrupt();
    assertEquals(TokenIds.of(1, 2), ask("a", 2).await().tokens());
  }

  @Test
  void forgetsALoadThatNobodyWaitsFor() {
    Gate gate = new Gate();
    beforeLoad = model -> gate.pass();
    RecordingListener listener = new RecordingListener();
    Generation generation = ask("a", 1, listener);
    gate.await();
    generation.cancel();
    assertEquals(FinishReason.CANCELLED, listener.await().reason());
    gate.open.countDown();
    assertEquals(TokenIds.of(1), ask("a", 1).await().tokens());
    assertEquals(1, loads.get());
  }

  @Test
  void freesAModelThatArrivesAfterTheEnd() throws InterruptedException {
    Gate gate = new Gate();
    beforeLoad = model -> gate.pass();
    RecordingListener listener = ask("a", 1);
    gate.await();
    Thread closing = new Thread(engine::close);
    closing.start();
    assertEquals(FinishReason.CANCELLED, listener.await().reason());
    gate.open.countDown();
    closing.join();
    assertEquals(0, open.get());
  }

  @Test
  void waitsForTheStepWhenClosed() throws InterruptedException {
    Gate gate = new Gate();
    beforeStep = step -> gate.pass();
    RecordingListener listener = ask("a", 500);
    gate.await();
    Thread closing = new Thread(engine::close);
    closing.start();
    // From here on it waits for the step.
    while (closing.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    gate.open.countDown();
    closing.join();
    assertEquals(FinishReason.CANCELLED, listener.await().reason());
    assertEquals(0, open.get());
    assertThrows(IllegalStateException.class, () -> ask("a", 1));
  }

  @Test
  void refusesToEncodeWithAModelThatWrites() {
    CompletableFuture<?> result = engine.encode(encoding("a"));
    assertEquals(
        "a writes text: it makes no embeddings and classifies nothing",
        failure(result).getMessage());
    assertEquals(TokenIds.of(1), ask("a", 1).await().tokens());
  }
}
