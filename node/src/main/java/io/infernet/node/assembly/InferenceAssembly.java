package io.infernet.node.assembly;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.engine.PacedInferenceEngine;
import io.infernet.inference.engine.djl.DjlInferenceEngine;
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

  /** Models as folders of the home, run by libtorch. */
  public static InferenceAssembly of(NodeConfig config, Scheduler scheduler, Clock clock) {
    CheckpointLimits limits = CheckpointLimits.defaults();
    EngineConfig defaults = EngineConfig.defaults(config.home().path());
    int threads = config.engine().threads();
    EngineConfig engineConfig = threads == 0 ? defaults : defaults.withThreads(threads);
    InferenceEngine engine = new DjlInferenceEngine(engineConfig, limits);
    double rate = config.engine().maxTokensPerSecond();
    return new InferenceAssembly(
        new FolderModelRepository(config.home().modelsFolder(), limits),
        rate == 0 ? engine : new PacedInferenceEngine(engine, rate, scheduler),
        new TokenizerCodecs(engineConfig.nativesFolder(), MAX_TEXT_CHARS, limits, clock));
  }

  @Override
  public void close() {
    engine.close();
  }
}
