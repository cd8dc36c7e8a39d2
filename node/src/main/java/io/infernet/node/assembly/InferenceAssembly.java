package io.infernet.node.assembly;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.engine.PacedInferenceEngine;
import io.infernet.inference.engine.djl.DjlInferenceEngine;
import io.infernet.inference.engine.remote.BackendInferenceEngine;
import io.infernet.inference.engine.remote.BackendModelRepository;
import io.infernet.inference.engine.remote.Backends;
import io.infernet.inference.engine.remote.CombinedInferenceEngine;
import io.infernet.inference.model.FolderModelRepository;
import io.infernet.inference.model.ModelRepository;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.job.TextCodec;
import io.infernet.node.job.TokenizerCodecs;
import java.time.Clock;

/**
 * The models of this machine and what runs them. Nothing native is loaded before a model is.
 *
 * @param models on this machine's disk
 * @param engine makes answers
 * @param codecs read the models' tokenizers
 */
public record InferenceAssembly(
    ModelRepository models, InferenceEngine engine, TextCodec.Source codecs)
    implements AutoCloseable {

  /** Longest text that is encoded: what a request body holds by default. */
  private static final int MAX_TEXT_CHARS = 4 << 20;

  public InferenceAssembly {
    requireNonNull(models, "models is null");
    requireNonNull(engine, "engine is null");
    requireNonNull(codecs, "codecs is null");
  }

  /**
   * Models as folders of the home, run by libtorch.
   *
   * @param devices say where
   */
  public static InferenceAssembly of(
      NodeConfig config, Devices devices, Scheduler scheduler, Clock clock) {
    CheckpointLimits limits = CheckpointLimits.defaults();
    EngineConfig engineConfig = engineConfig(config);
    InferenceEngine engine = new DjlInferenceEngine(engineConfig, limits, devices, devices);
    double rate = config.engine().maxTokensPerSecond();
    return new InferenceAssembly(
        new FolderModelRepository(config.home().modelsFolder(), limits),
        rate == 0 ? engine : new PacedInferenceEngine(engine, rate, scheduler),
        new TokenizerCodecs(engineConfig.nativesFolder(), MAX_TEXT_CHARS, limits, clock));
  }

  /** The engine's settings. */
  public static EngineConfig engineConfig(NodeConfig config) {
    EngineConfig defaults = EngineConfig.defaults(config.home().path());
    NodeConfig.Engine engine = config.engine();
    return defaults
        .withDevice(engine.device())
        .withThreads(engine.threads() == 0 ? defaults.threads() : engine.threads())
        .withMaxContext(engine.maxContext())
        .withBatching(engine.batching())
        .withMemory(
            new EngineConfig.Memory(
                engine.memoryBudget(),
                engine.kvBudget(),
                defaults.memory().maxWarmModels(),
                config.models().keepAlive()))
        .withLibtorch(engine.libtorch());
  }

  /** The same with the models of backends beside those here; closing it closes them too. */
  InferenceAssembly with(Backends backends) {
    return new InferenceAssembly(
        new BackendModelRepository(models, backends),
        new CombinedInferenceEngine(engine, new BackendInferenceEngine(backends)),
        codecs);
  }

  @Override
  public void close() {
    engine.close();
  }
}
