package io.infernet.inference.engine.djl;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.engine.ContextLengthExceededException;
import io.infernet.inference.engine.Decoder;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationLoop;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.engine.LoadedModel;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine on libtorch, in this process. One thread makes all steps of all models, so that they
 * do not fight for the cores; another loads models meanwhile. Threads start on first use.
 */
public final class DjlInferenceEngine implements InferenceEngine {

  private static final Logger LOG = LoggerFactory.getLogger(DjlInferenceEngine.class);

  /** Longer than any step, and than loading what fits into the memory of a usual machine. */
  private static final long CLOSE_MILLIS = 30_000;

  private record Warm(CompletableFuture<Decoder> decoder, int slots) {}

  private final EngineConfig config;
  private final DjlDecoderLoader decoders;
  private final Semaphore work = new Semaphore(0);
  private final GenerationLoop loop;
  private final ExecutorService loader;
  private final Thread thread;

  /** By use, the one not used for longest first; guarded by itself, as is all below. */
  private final Map<ModelManifest, Warm> models = new LinkedHashMap<>(16, 0.75f, true);

  /** Removed from {@link #models}, to be freed by the engine thread. */
  private final List<Decoder> leaving = new ArrayList<>();

  private boolean started;
  private boolean closed;

  /**
   * @param config its settings
   * @param limits bounds on what is read from checkpoints
   */
  public DjlInferenceEngine(EngineConfig config, CheckpointLimits limits) {
    this.config = requireNonNull(config, "config is null");
    decoders = new DjlDecoderLoader(config, limits);
    EngineConfig.Batching batching = config.batching();
    loop = new GenerationLoop(batching.maxWaiting(), batching.prefillChunk(), work::release);
    loader =
        new ThreadPoolExecutor(
            0,
            1,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(config.memory().maxWarmModels()),
            task -> daemon(task, "infernet-model-loader"));
    thread = daemon(this::run, "infernet-engine");
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public CompletableFuture<Void> load(InstalledModel model) {
    return warm(model).decoder.thenApply(decoder -> null);
  }

  @Override
  public Generation generate(GenerationRequest request, TokenListener listener) {
    int context = contextLength(request.model().manifest());
    if (request.prompt().size() > context - (request.maxTokens() == 0 ? 0 : 1)
        || request.prompt().size() + request.outputSoFar().size() > context) {
      throw new ContextLengthExceededException(
          request.model().name(), request.prompt().size(), context);
    }
    synchronized (models) {
      Warm model = warm(request.model());
      return loop.submit(request, listener, model.decoder, model.slots);
    }
  }

  @Override
  public int contextLength(ModelManifest model) {
    return Math.min(model.contextLength(), config.maxContext());
  }

  @Override
  public List<LoadedModel> loaded() {
    synchronized (models) {
      List<LoadedModel> loaded = new ArrayList<>();
      models.forEach(
          (manifest, warm) -> {
            Decoder decoder =
                warm.decoder.isCompletedExceptionally() ? null : warm.decoder.getNow(null);
            if (decoder != null) {
              loaded.add(
                  new LoadedModel(
                      manifest,
                      decoder.memoryBytes(),
                      decoder.slots(),
                      loop.running(warm.decoder),
                      loop.waiting(warm.decoder)));
            }
          });
      return loaded;
    }
  }

  /** The model, loading it when it is not there. */
  private Warm warm(InstalledModel model) {
    synchronized (models) {
      if (closed) {
        throw new IllegalStateException("the engine is closed");
      }
      Warm known = models.get(model.manifest());
      if (known != null && !known.decoder.isCompletedExceptionally()) {
        return known;
      }
      model.name().requireRunnable();
      makeRoom();
      if (!started) {
        started = true;
        thread.start();
      }
      Warm warm =
          new Warm(
              CompletableFuture.supplyAsync(() -> read(model), loader),
              config.batching().maxBatch());
      models.put(model.manifest(), warm);
      return warm;
    }
  }

  /** Frees the model not used for longest when there are as many as there may be. */
  private void makeRoom() {
    models.values().removeIf(warm -> warm.decoder.isCompletedExceptionally());
    if (models.size() < config.memory().maxWarmModels()) {
      return;
    }
    int running = 0;
    int waiting = 0;
    for (Map.Entry<ModelManifest, Warm> entry : models.entrySet()) {
      CompletableFuture<Decoder> decoder = entry.getValue().decoder;
      int runningHere = loop.running(decoder);
      int waitingHere = loop.waiting(decoder);
      running += runningHere;
      waiting += waitingHere;
      if (decoder.isDone() && runningHere + waitingHere == 0) {
        LOG.info("{} makes room for another model", entry.getKey().name());
        leaving.add(decoder.join());
        models.remove(entry.getKey());
        work.release();
        return;
      }
    }
    throw new EngineBusyException(running, waiting);
  }

  /** On the loader thread. */
  private Decoder read(InstalledModel model) {
    Decoder decoder = decoders.load(model, Device.CPU);
    LOG.info("{} is warm: {} MB", model.name(), decoder.memoryBytes() >> 20);
    return decoder;
  }

  private void run() {
    try {
      while (freeLeaving()) {
        if (!loop.step()) {
          work.acquire();
          work.drainPermits();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      loop.close();
      synchronized (models) {
        closed = true;
        for (Warm warm : models.values()) {
          // One that is still loading is freed by the loader when it is done.
          warm.decoder.thenAccept(Decoder::close);
        }
        models.clear();
      }
    }
  }

  /** Frees models that have made room; false when the engine is closed. */
  private boolean freeLeaving() {
    synchronized (models) {
      leaving.forEach(Decoder::close);
      leaving.clear();
      return !closed;
    }
  }

  /** Waits for the step and the load that are being made, but not for ever. */
  @Override
  public void close() {
    synchronized (models) {
      closed = true;
    }
    loader.shutdown();
    work.release();
    if (Thread.currentThread() == thread) {
      return;
    }
    try {
      thread.join(CLOSE_MILLIS);
      if (!loader.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS)) {
        LOG.warn("a model is still being loaded at the end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
