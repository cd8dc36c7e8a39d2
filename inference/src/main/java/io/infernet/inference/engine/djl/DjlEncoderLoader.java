package io.infernet.inference.engine.djl;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.EncoderConfig;
import io.infernet.inference.checkpoint.ModelDescription;
import io.infernet.inference.checkpoint.ScriptConfig;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.inference.encoding.Encoder;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.Variant;
import io.infernet.inference.torchscript.ArchiveLimits;
import io.infernet.inference.torchscript.ForeignArchive;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Reads encoders into memory. With no variant the arithmetic is bfloat16 where the weights are
 * stored so, and float32 otherwise. Used by one thread at a time.
 */
final class DjlEncoderLoader {

  /** As for decoders: below, threads wait for each other longer than they compute. */
  private static final long BYTES_PER_THREAD = 32 << 20;

  private final EngineConfig config;
  private final CheckpointLimits limits;
  private final GraphCache graphs;

  DjlEncoderLoader(EngineConfig config, CheckpointLimits limits) {
    this.config = requireNonNull(config, "config is null");
    this.limits = requireNonNull(limits, "limits is null");
    graphs = new GraphCache(config.graphFolder());
  }

  /**
   * Loads an encoder.
   *
   * @throws io.infernet.inference.InfernetException that says what is wrong with the model or the
   *     machine
   */
  Encoder load(InstalledModel model) {
    String version = Libtorch.start(config);
    if (ModelDescription.read(model.folder(), limits) instanceof ScriptConfig script) {
      return loadScript(model, script);
    }
    LinearKernel kernel = linearKernel();
    try (Checkpoint checkpoint =
        Checkpoint.openAligned(
            model.folder(), limits, config.graphFolder(), model.manifest().cid().toString())) {
      EncoderConfig encoder = checkpoint.encoderConfig();
      Arithmetic arithmetic = arithmetic(model);
      EncoderGraph graph = new EncoderGraph(encoder, arithmetic, kernel);
      try (EncoderModules modules = EncoderModules.open(model.folder(), encoder, limits)) {
        WeightLayout layout = graph.layout(checkpoint, modules);
        Path archive =
            graphs.get(
                model.manifest().cid(),
                "encoder-cpu-%s-%s-%s-%s"
                    .formatted(kernel.label(), arithmetic.label(), version, EncoderGraph.VERSION),
                file -> {
                  checkpoint.requireFinite();
                  graph.archive(layout).write(file);
                });
        long threads = Math.max(1, graph.weightBytes() / BYTES_PER_THREAD);
        return DjlEncoder.load(
            archive,
            graph,
            layout.files(),
            Math.min(encoder.contextLength(), config.maxContext()),
            (int) Math.min(config.threads(), threads));
      }
    }
  }

  /** A TorchScript model of somebody else: libtorch sees only a checked copy. */
  private Encoder loadScript(InstalledModel model, ScriptConfig script) {
    if (model.name().variant().isPresent()) {
      throw new UnsupportedModelException(
          "%s: a TorchScript model runs as it is, without a variant".formatted(model.name()));
    }
    try (ForeignArchive foreign =
        ForeignArchive.open(
            model.folder().resolve(ScriptConfig.MODEL_FILE), ArchiveLimits.defaults())) {
      Path archive =
          graphs.get(
              model.manifest().cid(),
              "script-" + ForeignArchive.VERSION,
              file -> copy(foreign, file));
      return ScriptEncoder.load(
          archive,
          script,
          foreign.weightBytes(),
          Math.min(script.contextLength(), config.maxContext()),
          (int) Math.min(config.threads(), Math.max(1, foreign.weightBytes() / BYTES_PER_THREAD)));
    }
  }

  private static void copy(ForeignArchive foreign, Path file) throws IOException {
    try (StoredZipWriter zip =
        new StoredZipWriter(
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
      for (String name : foreign.names()) {
        zip.add("model/" + name, sink -> foreign.read(name, sink));
      }
      zip.finish();
    }
  }

  private Arithmetic arithmetic(InstalledModel model) {
    Optional<Variant> variant = model.name().variant();
    if (variant.isPresent() && (variant.get() == Variant.INT8 || variant.get() == Variant.INT4)) {
      throw new UnsupportedModelException(
          "%s: encoders run as stored, as fp32, bf16 or fp16".formatted(model.name()));
    }
    Arithmetic wanted = Arithmetic.of(variant, model.manifest().storedAs());
    Libtorch.start(config);
    return Libtorch.processorNumbers().contains(wanted) ? wanted : Arithmetic.FLOAT32;
  }

  private static LinearKernel linearKernel() {
    return Libtorch.hasOneDnn() ? new OneDnnLinear() : new PlainLinear();
  }

  /** What a model's weights will take. */
  long weightBytes(InstalledModel model, ModelDescription description) {
    return description instanceof EncoderConfig encoder
        ? new EncoderGraph(encoder, arithmetic(model), linearKernel()).weightBytes()
        : model.manifest().size();
  }
}
