package io.infernet.inference.engine.djl;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.engine.Decoder;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.engine.djl.DecoderGraph.Arithmetic;
import io.infernet.inference.engine.djl.DecoderGraph.LinearKernel;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.Variant;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Reads models into memory. The weights keep their stored values; with no variant, or {@code fp32},
 * the arithmetic is float32, so that a prompt and a decoded text meet the same numbers and an
 * answer can go on elsewhere; with {@code bf16} it is bfloat16. Used by one thread at a time.
 */
final class DjlDecoderLoader {

  /**
   * Weights for which one more thread pays: below, threads wait for each other longer than they
   * compute. Storyteller (22 MB) makes 1,000 tokens/s with one thread and 1,250 with two on an idle
   * machine, but 30 with two when another program wants the same two cores.
   */
  private static final long BYTES_PER_THREAD = 32 << 20;

  private final EngineConfig config;
  private final CheckpointLimits limits;
  private final GraphCache graphs;

  DjlDecoderLoader(EngineConfig config, CheckpointLimits limits) {
    this.config = requireNonNull(config, "config is null");
    this.limits = requireNonNull(limits, "limits is null");
    graphs = new GraphCache(config.graphFolder());
  }

  /**
   * Converts a model where that is still to be done, and loads it.
   *
   * @param device where it computes
   * @throws io.infernet.inference.InfernetException that says what is wrong with the model or the
   *     machine
   */
  Decoder load(InstalledModel model, Device device) {
    String version = Libtorch.start(config.nativesFolder());
    LinearKernel kernel = Libtorch.linearKernel();
    Arithmetic arithmetic =
        model.name().variant().filter(Variant.BF16::equals).isPresent()
            ? Arithmetic.BFLOAT16
            : Arithmetic.FLOAT32;
    try (Checkpoint checkpoint = Checkpoint.open(model.folder(), limits)) {
      DecoderGraph graph = new DecoderGraph(checkpoint.config(), arithmetic, kernel);
      Path archive =
          graphs.get(
              model.manifest().cid(),
              "%s-%s-%s-%d"
                  .formatted(device.kind(), kernel.label(), version, DecoderGraph.VERSION)
                  .toLowerCase(Locale.ROOT),
              file -> graph.archive(checkpoint).write(file));
      long threads = Math.max(1, graph.weightBytes() / BYTES_PER_THREAD);
      int context = Math.min(model.manifest().contextLength(), config.maxContext());
      return DjlDecoder.load(
          archive,
          graph,
          new KvCache(config.batching().maxBatch(), context),
          (int) Math.min(config.threads(), threads));
    }
  }

  /**
   * Reads a model into memory, for steps over several sequences.
   *
   * @param device where it computes
   * @param places tokens in its cache
   * @throws io.infernet.inference.InfernetException that says what is wrong with the model or the
   *     machine
   */
  io.infernet.inference.batching.Decoder loadSteps(
      InstalledModel model, Device device, int places) {
    String version = Libtorch.start(config.nativesFolder());
    try (Checkpoint checkpoint = Checkpoint.open(model.folder(), limits)) {
      StepGraph graph =
          new StepGraph(
              checkpoint.config(),
              model.name().variant().filter(Variant.BF16::equals).isPresent()
                  ? io.infernet.inference.engine.djl.Arithmetic.BFLOAT16
                  : io.infernet.inference.engine.djl.Arithmetic.FLOAT32,
              Libtorch.linearKernel() == LinearKernel.ONEDNN && !device.isGpu()
                  ? new OneDnnLinear()
                  : new PlainLinear(),
              device);
      StepGraph.Archive written = graph.archive(WeightSource.of(checkpoint));
      Path archive =
          graphs.get(
              model.manifest().cid(),
              (graph.label() + "-" + version).replace(':', '-'),
              written.archive()::write);
      int context = Math.min(model.manifest().contextLength(), config.maxContext());
      StepDecoder.Sizes sizes = graph.sizes(context, places);
      long threads = Math.max(1, sizes.memoryBytes() / BYTES_PER_THREAD);
      return StepDecoder.load(
          archive, written.files(), sizes, (int) Math.min(config.threads(), threads));
    }
  }
}
