package io.infernet.inference.pool;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.InfernetException;
import io.infernet.inference.batching.BatcherConfig;
import io.infernet.inference.batching.BatcherStatus;
import io.infernet.inference.batching.ContinuousBatcher;
import io.infernet.inference.batching.Decoder;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.inference.encoding.Encoder;
import io.infernet.inference.encoding.EncodingLimits;
import io.infernet.inference.encoding.EncodingLoop;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.EncodingRequest;
import io.infernet.inference.engine.EncodingResult;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.GeneratedToken;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.HiddenStates;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.engine.LoadedModel;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.json.Constraints;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import io.infernet.inference.tokenizer.Vocabulary;
import io.infernet.libp2p.concurrent.Ticker;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An engine in this process: models from a {@link ModelPool}, answers from a {@link
 * ContinuousBatcher} each, encodings from an {@link EncodingLoop}. One thread makes all steps of
 * all models, so that they do not fight for the cores; another loads models meanwhile. Threads
 * start on first use.
 */
public final class PooledInferenceEngine implements InferenceEngine {

  private static final Logger LOG = LoggerFactory.getLogger(PooledInferenceEngine.class);

  /** Longer than any step, and than loading what fits into the memory of a usual machine. */
  private static final long CLOSE_MILLIS = 30_000;

  /** After something that nobody foresaw, so that it does not fill the log. */
  private static final long PAUSE_MILLIS = 1_000;

  private static final BatcherStatus IDLE = new BatcherStatus(0, 0, 0, 0, 0, 0, 0);

  private final int maxContext;
  private final BatcherConfig batching;
  private final Supplier<Device> device;
  private final Executor helpers;
  private final EncodingLoop encodings;
  private final ModelPool<Resident> pool;
  private final Semaphore steps = new Semaphore(0);
  private final Semaphore loads = new Semaphore(0);
  private final Thread stepper;
  private final Thread loader;

  /** Guards what follows. Held while the pool's is taken, never the other way. */
  private final Object lock = new Object();

  /** By the future of their leases: who makes the answers of a model. */
  private final Map<CompletableFuture<Resident>, Seat> seats = new LinkedHashMap<>();

  private boolean started;
  private boolean closed;

  /** Guards what follows; nobody waits for another lock while holding it. */
  private final Object exit = new Object();

  /** To be freed by the engine thread. */
  private final List<Leaving> leaving = new ArrayList<>();

  /** Whether the engine thread has come to its end, so that others free what is left. */
  private boolean ended;

  private volatile @Nullable String trouble;

  private record Leaving(Resident model, Runnable done) {}

  /** A model's place at the engine, from its first lease until it leaves. */
  private final class Seat {
    final CompletableFuture<Resident> ready;
    final CompletableFuture<Encoder> encoder;
    ContinuousBatcher batcher;

    /** Why answers under way were cancelled, if they were. */
    volatile @Nullable Throwable broken;

    Seat(InstalledModel model, CompletableFuture<Resident> ready) {
      this.ready = ready;
      encoder =
          ready.thenApply(
              resident -> {
                if (resident instanceof Resident.Reader reader) {
                  return reader.encoder();
                }
                throw new UnsupportedModelException(
                    "%s writes text: it makes no embeddings and classifies nothing"
                        .formatted(model.name()));
              });
      CompletableFuture<Decoder> decoder =
          ready.thenApply(
              resident -> {
                if (resident instanceof Resident.Writer writer) {
                  return writer.decoder();
                }
                throw new UnsupportedModelException(
                    "%s reads text and writes none: ask for embeddings or classification"
                        .formatted(model.name()));
              });
      Constraints constraints = new Constraints(() -> Vocabulary.read(model.folder()));
      batcher = new ContinuousBatcher(batching, decoder, constraints, helpers, steps::release);
    }

    boolean isOver() {
      BatcherStatus status = batcher.status();
      return ready.isCompletedExceptionally() && status.running() + status.waiting() == 0;
    }
  }

  /**
   * @param maxContext the most tokens of one sequence, where the model allows more
   * @param batching how answers of one model share its steps
   * @param encoding bounds of encodings
   * @param pool bounds of what is in memory
   * @param loader brings models there
   * @param room the memory
   * @param device where models compute; asked on the loading thread first
   * @param helpers runs tasks that choose tokens beside the engine thread; may refuse them
   */
  public PooledInferenceEngine(
      int maxContext,
      BatcherConfig batching,
      EncodingLimits encoding,
      PoolConfig pool,
      ModelLoader loader,
      Room room,
      Supplier<Device> device,
      Executor helpers,
      Ticker ticker,
      Clock clock) {
    this.maxContext = maxContext;
    this.batching = requireNonNull(batching, "batching is null");
    this.device = requireNonNull(device, "device is null");
    this.helpers = requireNonNull(helpers, "helpers is null");
    encodings = new EncodingLoop(encoding, steps::release);
    this.pool = new ModelPool<>(pool, source(loader), room, loads::release, ticker, clock);
    stepper = daemon(this::runSteps, "infernet-engine");
    this.loader = daemon(this::runLoads, "infernet-model-loader");
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  private ModelSource<Resident> source(ModelLoader models) {
    return new ModelSource<>() {
      @Override
      public ModelNeed need(InstalledModel model, long capacity) {
        return models.need(model, capacity);
      }

      @Override
      public Resident load(InstalledModel model, ModelNeed need) {
        return onThreadOfItsOwn(() -> models.load(model, need));
      }

      @Override
      public long memoryBytes(Resident model) {
        return model.memoryBytes();
      }

      @Override
      public void unload(Resident model, Runnable done) {
        leave(new Leaving(model, done));
      }
    };
  }

  /**
   * Native libraries keep helpers for each thread that ever computed. Those of a thread that only
   * loads would stand in the way of the engine's for as long as it lives.
   */
  private static <T> T onThreadOfItsOwn(Supplier<T> load) {
    CompletableFuture<T> done = new CompletableFuture<>();
    Thread thread =
        daemon(
            () -> {
              try {
                done.complete(load.get());
              } catch (RuntimeException | Error e) {
                done.completeExceptionally(e);
              }
            },
            "infernet-model-load");
    thread.start();
    try {
      T loaded = done.join();
      thread.join();
      return loaded;
    } catch (CompletionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return done.join();
    }
  }

  @Override
  public CompletableFuture<Void> load(InstalledModel model) {
    synchronized (lock) {
      start();
      return pool.load(model);
    }
  }

  @Override
  public CompletableFuture<Void> pin(InstalledModel model) {
    synchronized (lock) {
      start();
      return pool.pin(model);
    }
  }

  @Override
  public Generation generate(GenerationRequest request, TokenListener listener) {
    request.requireFit(contextLength(request.model().manifest()));
    synchronized (lock) {
      start();
      ModelPool.Lease<Resident> lease = pool.lease(request.model());
      try {
        Seat seat = seat(request.model(), lease);
        return seat.batcher.submit(request, new LeasedListener(listener, lease, seat));
      } catch (RuntimeException | Error e) {
        lease.release(false);
        throw e;
      }
    }
  }

  @Override
  public CompletableFuture<EncodingResult> encode(EncodingRequest request) {
    synchronized (lock) {
      start();
      ModelPool.Lease<Resident> lease = pool.lease(request.model());
      try {
        CompletableFuture<EncodingResult> result =
            encodings.submit(request, seat(request.model(), lease).encoder);
        result.whenComplete((done, error) -> lease.release(isOfModel(error)));
        return result;
      } catch (RuntimeException | Error e) {
        lease.release(false);
        throw e;
      }
    }
  }

  private Seat seat(InstalledModel model, ModelPool.Lease<Resident> lease) {
    return seats.computeIfAbsent(lease.model(), ready -> new Seat(model, ready));
  }

  /** Whether what went wrong may be the model's own state, rather than the request's fault. */
  private static boolean isOfModel(@Nullable Throwable error) {
    return error instanceof Error
        || (error instanceof IllegalStateException && !(error instanceof CancellationException));
  }

  @Override
  public int contextLength(ModelManifest model) {
    return Math.min(model.contextLength(), maxContext);
  }

  @Override
  public List<LoadedModel> loaded() {
    List<LoadedModel> loaded = new ArrayList<>();
    for (ModelPool.Warm<Resident> warm : pool.warm()) {
      BatcherStatus status;
      synchronized (lock) {
        Seat seat = seats.get(warm.ready());
        status = seat == null ? IDLE : seat.batcher.status();
        int encoding = seat == null ? 0 : encodings.requests(seat.encoder);
        loaded.add(
            new LoadedModel(
                warm.installed().manifest(),
                device.get(),
                warm.bytes(),
                warm.need().cache(),
                status.cacheTokens() == 0
                    ? 0
                    : warm.need().cache() / status.cacheTokens() * status.activeTokens(),
                batching.maxBatch(),
                status.running() + Math.min(1, encoding),
                status.waiting() + Math.max(0, encoding - 1),
                warm.pinned(),
                warm.idleSince(),
                warm.idleUntil()));
      }
    }
    return loaded;
  }

  @Override
  public Optional<String> trouble() {
    return Optional.ofNullable(trouble);
  }

  private void start() {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
    if (!started) {
      started = true;
      stepper.start();
      loader.start();
    }
  }

  private void leave(Leaving model) {
    synchronized (exit) {
      if (!ended) {
        leaving.add(model);
        steps.release();
        return;
      }
    }
    free(model);
  }

  private static void free(Leaving model) {
    try {
      model.model.close();
    } catch (RuntimeException | Error e) {
      LOG.error("a model's memory cannot be freed", e);
    } finally {
      model.done.run();
    }
  }

  private void runLoads() {
    while (!isClosed()) {
      try {
        OptionalLong due = pool.work();
        if (due.isPresent()) {
          loads.tryAcquire(due.getAsLong() + 1, TimeUnit.NANOSECONDS);
        } else {
          loads.acquire();
        }
        loads.drainPermits();
      } catch (InterruptedException e) {
        LOG.debug("nobody interrupts this thread on purpose", e);
      } catch (RuntimeException | Error e) {
        LOG.error("the loading of models failed", e);
        pause();
      }
    }
  }

  private void runSteps() {
    try {
      while (!isClosed()) {
        try {
          freeLeaving();
          if (step()) {
            trouble = null;
          } else {
            steps.acquire();
            steps.drainPermits();
          }
        } catch (InterruptedException e) {
          LOG.debug("nobody interrupts this thread on purpose", e);
        } catch (RuntimeException | Error e) {
          LOG.error("the engine failed", e);
          trouble = "the engine failed: " + e;
          pause();
        }
      }
    } finally {
      end();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      LOG.debug("nobody interrupts this thread on purpose", e);
    }
  }

  private boolean isClosed() {
    synchronized (lock) {
      return closed;
    }
  }

  /** A step of each model that has something to do. */
  private boolean step() {
    boolean worked = encodings.step();
    List<Seat> all;
    synchronized (lock) {
      seats.values().removeIf(Seat::isOver);
      all = List.copyOf(seats.values());
    }
    for (Seat seat : all) {
      try {
        worked |= seat.batcher.step();
      } catch (RuntimeException | Error e) {
        LOG.error("the answers of a model failed", e);
        unseat(seat, e);
        worked = true;
      }
    }
    return worked;
  }

  /** Ends the answers of a seat; those that come after get a new one. */
  private void unseat(Seat seat, Throwable reason) {
    seat.broken = reason;
    synchronized (lock) {
      seats.remove(seat.ready, seat);
    }
    seat.batcher.close();
  }

  private void freeLeaving() {
    List<Leaving> now;
    List<Seat> empty = new ArrayList<>();
    synchronized (exit) {
      now = List.copyOf(leaving);
      leaving.clear();
    }
    synchronized (lock) {
      for (Leaving model : now) {
        seats
            .values()
            .removeIf(
                seat -> {
                  boolean left =
                      seat.ready.isDone()
                          && !seat.ready.isCompletedExceptionally()
                          && seat.ready.join() == model.model;
                  if (left) {
                    empty.add(seat);
                  }
                  return left;
                });
      }
    }
    empty.forEach(seat -> seat.batcher.close());
    now.forEach(PooledInferenceEngine::free);
  }

  private void end() {
    List<Seat> all;
    synchronized (lock) {
      all = List.copyOf(seats.values());
      seats.clear();
    }
    for (Seat seat : all) {
      seat.batcher.close();
    }
    encodings.close();
    synchronized (exit) {
      ended = true;
    }
    freeLeaving();
  }

  /** Waits for the step and the load that are being made, but not for ever. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
    }
    pool.close();
    steps.release();
    loads.release();
    if (Thread.currentThread() == stepper) {
      return;
    }
    try {
      stepper.join(CLOSE_MILLIS);
      loader.join(CLOSE_MILLIS);
      if (stepper.isAlive() || loader.isAlive()) {
        LOG.warn("a model is still being computed with or loaded at the end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Gives the lease back before anybody hears that the answer has ended. */
  private static final class LeasedListener implements TokenListener {
    private final TokenListener listener;
    private final ModelPool.Lease<Resident> lease;
    private final PooledInferenceEngine.Seat seat;

    LeasedListener(TokenListener listener, ModelPool.Lease<Resident> lease, Seat seat) {
      this.listener = listener;
      this.lease = lease;
      this.seat = seat;
    }

    @Override
    public void onPrompt(List<Optional<TokenScore>> scores) {
      listener.onPrompt(scores);
    }

    @Override
    public void onHidden(HiddenStates states) {
      listener.onHidden(states);
    }

    @Override
    public void onToken(GeneratedToken token) {
      listener.onToken(token);
    }

    @Override
    public void onFinish(FinishReason reason, Usage usage) {
      Throwable broken = seat.broken;
      if (reason == FinishReason.CANCELLED && broken != null) {
        onError(
            new InfernetException("the engine failed (%s); try again".formatted(broken), broken));
        return;
      }
      lease.release(false);
      listener.onFinish(reason, usage);
    }

    @Override
    public void onError(Throwable error) {
      lease.release(isOfModel(error));
      listener.onError(error);
    }
  }
}
