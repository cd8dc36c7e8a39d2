package io.infernet.inference.engine.djl;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.encoding.EncodingLimits;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.EncodingRequest;
import io.infernet.inference.engine.EncodingResult;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.engine.LoadedModel;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import io.infernet.inference.pool.PoolConfig;
import io.infernet.inference.pool.PooledInferenceEngine;
import io.infernet.inference.pool.Room;
import io.infernet.inference.pool.SharedRoom;
import io.infernet.inference.pool.SystemMemory;
import io.infernet.libp2p.concurrent.Ticker;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The engine on libtorch, in this process. */
public final class DjlInferenceEngine implements InferenceEngine {

  private final PooledInferenceEngine engine;
  private final ExecutorService helpers;

  /**
   * An engine on the processor.
   *
   * @param config its settings
   * @param limits bounds on what is read from checkpoints
   */
  public DjlInferenceEngine(EngineConfig config, CheckpointLimits limits) {
    this(
        config,
        limits,
        () -> Device.CPU,
        new SharedRoom("this machine", config.memory().budget(), SystemMemory.ofMachine()::read));
  }

  /**
   * @param config its settings; what {@code device} gives is of its choice
   * @param limits bounds on what is read from checkpoints
   * @param device where models compute; first asked before a model is loaded, and may take its time
   *     then
   * @param room the memory of that device
   */
  public DjlInferenceEngine(
      EngineConfig config, CheckpointLimits limits, Supplier<Device> device, Room room) {
    requireNonNull(config, "config is null");
    int threads = Math.max(1, config.batching().samplingThreads() - 1);
    helpers =
        new ThreadPoolExecutor(
            0,
            threads,
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> {
              Thread thread = new Thread(task, "infernet-sampler");
              thread.setDaemon(true);
              return thread;
            });
    engine =
        new PooledInferenceEngine(
            config.maxContext(),
            config.batching(),
            EncodingLimits.defaults(),
            PoolConfig.defaults()
                .withMaxModels(config.memory().maxWarmModels())
                .withKeepAlive(config.memory().keepAlive()),
            new DjlModelLoader(config, limits, device),
            room,
            device,
            helpers,
            Ticker.system(),
            Clock.systemUTC());
  }

  @Override
  public CompletableFuture<Void> load(InstalledModel model) {
    return engine.load(model);
  }

  @Override
  public CompletableFuture<Void> pin(InstalledModel model) {
    return engine.pin(model);
  }

  @Override
  public Generation generate(GenerationRequest request, TokenListener listener) {
    return engine.generate(request, listener);
  }

  @Override
  public CompletableFuture<EncodingResult> encode(EncodingRequest request) {
    return engine.encode(request);
  }

  @Override
  public int contextLength(ModelManifest model) {
    return engine.contextLength(model);
  }

  @Override
  public List<LoadedModel> loaded() {
    return engine.loaded();
  }

  @Override
  public Optional<String> trouble() {
    return engine.trouble();
  }

  @Override
  public void close() {
    engine.close();
    helpers.shutdown();
  }
}
