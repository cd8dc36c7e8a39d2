package io.infernet.inference.engine.djl;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.batching.Decoder;
import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.ModelConfig;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.model.Variant;
import io.infernet.inference.pool.CacheBudget;
import io.infernet.inference.pool.ModelNeed;
import io.infernet.inference.quantization.QuantizedWeights;
import io.infernet.inference.quantization.WeightFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads decoders into memory. The weights keep their stored values, and with no variant the
 * arithmetic is that of the format they are stored in; a variant asks for another. Where the
 * processor has no such arithmetic it is float32. Used by one thread at a time.
 */
public final class DjlDecoderLoader {

  /**
   * Weights for which one more thread pays: below, threads wait for each other longer than they
   * compute. Storyteller (22 MB) makes 1,000 tokens/s with one thread and 1,250 with two on an idle
   * machine, but 30 with two when another program wants the same two cores.
   */
  private static final long BYTES_PER_THREAD = 32 << 20;

  private static final Logger LOG = LoggerFactory.getLogger(DjlDecoderLoader.class);

  private final EngineConfig config;
  private final CheckpointLimits limits;
  private final GraphCache graphs;
  private @Nullable IntegerArithmetic integers;
  private @Nullable Set<Arithmetic> numbers;

  /**
   * @param config its settings
   * @param limits bounds on what is read from checkpoints
   */
  public DjlDecoderLoader(EngineConfig config, CheckpointLimits limits) {
    this.config = requireNonNull(config, "config is null");
    this.limits = requireNonNull(limits, "limits is null");
    graphs = new GraphCache(config.graphFolder());
  }

  private int context(ModelManifest model) {
    return Math.min(model.contextLength(), config.maxContext());
  }

  private StepGraph graph(
      ModelConfig model, Optional<Variant> variant, ModelManifest manifest, Device device) {
    Optional<QuantizedWeights> quantized = quantized(model, variant);
    if (quantized.isPresent()) {
      if (device.isGpu()) {
        throw new UnsupportedModelException(
            "%s:%s is computed on the processor only: use %s or %s:fp16 on a GPU, or set"
                    .formatted(
                        manifest.name().name(),
                        variant.orElseThrow(),
                        manifest.name().name(),
                        manifest.name().name())
                + " engine.device = \"cpu\"");
      }
      // Beside whole numbers bfloat16 differs less between a prompt and a decoded text than
      // float32: it rounds small differences away before they reach the edge of a whole number.
      return new StepGraph(
          model, Arithmetic.BFLOAT16, new QuantizedLinear(quantized.get(), this::integers), device);
    }
    Arithmetic wanted = Arithmetic.of(variant, manifest.storedAs());
    return new StepGraph(
        model,
        device.isGpu() || processorNumbers().contains(wanted) ? wanted : Arithmetic.FLOAT32,
        Libtorch.hasOneDnn() && !device.isGpu() ? new OneDnnLinear() : new PlainLinear(),
        device);
  }

  private IntegerArithmetic integers() {
    if (integers == null) {
      integers = IntegerArithmetic.ofThisMachine();
    }
    return integers;
  }

  private Optional<QuantizedWeights> quantized(ModelConfig model, Optional<Variant> variant) {
    return variant
        .flatMap(
            v ->
                switch (v) {
                  case INT8 -> Optional.of(WeightFormat.INT8);
                  case INT4 -> Optional.of(WeightFormat.INT4);
                  default -> Optional.empty();
                })
        .map(format -> new QuantizedWeights(QuantizedSource.matrices(model, format), limits));
  }

  /** Where the weights lie, quantized first where they are to be and are not yet. */
  private WeightSource source(InstalledModel model, Checkpoint checkpoint) {
    Optional<QuantizedWeights> quantized = quantized(checkpoint.config(), model.name().variant());
    WeightSource stored = WeightSource.of(checkpoint);
    if (quantized.isEmpty()) {
      return stored;
    }
    QuantizedWeights weights = quantized.get();
    Path file =
        graphs.get(
            model.manifest().cid(),
            model.name().variant().orElseThrow() + "-" + QuantizedWeights.VERSION,
            ".safetensors",
            candidate -> weights.isWhole(candidate, config.threads()),
            fresh -> weights.write(fresh, checkpoint, config.threads()));
    return new QuantizedSource(stored, weights, file);
  }

  private Checkpoint open(InstalledModel model) {
    return Checkpoint.openAligned(
        model.folder(), limits, config.graphFolder(), model.manifest().cid().toString());
  }

  private Set<Arithmetic> processorNumbers() {
    if (numbers == null) {
      Libtorch.start(config);
      numbers = Libtorch.processorNumbers();
    }
    return numbers;
  }

  /** In which numbers a model is computed: {@code bfloat16}, {@code int8 and bfloat16}. */
  public String numbers(InstalledModel model, Device device) {
    ModelConfig config = ModelConfig.read(model.folder(), limits);
    Optional<Variant> variant = model.name().variant();
    String between = graph(config, variant, model.manifest(), device).arithmetic().label();
    return quantized(config, variant).isEmpty()
        ? between
        : variant.orElseThrow() + " and " + between;
  }

  /** What a model takes, and what it would take in other numbers. */
  ModelNeed need(InstalledModel installed, ModelConfig model, Device device, long capacity) {
    CacheBudget budget =
        new CacheBudget(config.memory().kvBudget(), config.batching().maxBatch(), capacity);
    ModelName name = installed.name();
    int context = context(installed.manifest());
    StepGraph graph = graph(model, name.variant(), installed.manifest(), device);
    List<ModelNeed.Alternative> others = new ArrayList<>();
    for (Variant variant : Variant.values()) {
      boolean runs = !device.isGpu() || quantized(model, Optional.of(variant)).isEmpty();
      if (runs && !name.variant().equals(Optional.of(variant))) {
        ModelName other = new ModelName(name.name(), Optional.of(variant));
        others.add(
            new ModelNeed.Alternative(
                other,
                need(
                        other,
                        graph(model, other.variant(), installed.manifest(), device),
                        model,
                        context,
                        budget,
                        List.of())
                    .total()));
      }
    }
    return need(name, graph, model, context, budget, others);
  }

  private ModelNeed need(
      ModelName name,
      StepGraph graph,
      ModelConfig model,
      int context,
      CacheBudget budget,
      List<ModelNeed.Alternative> others) {
    int places = budget.tokens(name, graph.bytesPerToken(), context);
    return new ModelNeed(
        name,
        graph.sizes(context, 0).memoryBytes(),
        places * graph.bytesPerToken(),
        workBytes(model),
        places,
        others);
  }

  /** What the numbers between the layers of the largest step take, roughly. */
  private long workBytes(ModelConfig model) {
    long tokens = config.batching().prefillTokens() + config.batching().maxBatch();
    long inner =
        model.layers().stream().mapToLong(layer -> layer.mlp().innerSize()).max().orElse(0);
    long perToken =
        6L * model.hiddenSize()
            + 3 * inner
            + 3L * model.attention().queryWidth()
            + 2L * model.attention().keyWidth();
    long logits = 2L * config.batching().maxBatch() * model.vocabSize();
    return 4 * (tokens * perToken + logits);
  }

  /**
   * What a decoder is made from, for programs without a JVM.
   *
   * @param archive to be written
   * @param files in the order in which its {@code prepare} takes them
   * @param sizes what it will be
   */
  record Parts(TorchScriptArchive archive, List<Path> files, StepDecoder.Sizes sizes) {}

  /** What a model is loaded from. */
  Parts parts(InstalledModel model, Device device, int places) {
    Libtorch.start(config);
    try (Checkpoint checkpoint = open(model)) {
      StepGraph graph =
          graph(checkpoint.config(), model.name().variant(), model.manifest(), device);
      StepGraph.Archive written = graph.archive(source(model, checkpoint));
      return new Parts(
          written.archive(), written.files(), graph.sizes(context(model.manifest()), places));
    }
  }

  /**
   * Converts a model where that is still to be done, and loads it.
   *
   * @param device where it computes
   * @param places tokens in its cache
   * @throws io.infernet.inference.InfernetException that says what is wrong with the model or the
   *     machine
   */
  public Decoder load(InstalledModel model, Device device, int places) {
    String version = Libtorch.start(config);
    try (Checkpoint checkpoint = open(model)) {
      StepGraph graph =
          graph(checkpoint.config(), model.name().variant(), model.manifest(), device);
      Arithmetic wanted = Arithmetic.of(model.name().variant(), model.manifest().storedAs());
      if (graph.arithmetic() == Arithmetic.FLOAT32 && wanted != Arithmetic.FLOAT32) {
        LOG.info(
            "{} is computed in {}, because this processor has no {}",
            model.name(),
            graph.arithmetic().label(),
            wanted.label());
      }
      StepGraph.Archive written = graph.archive(source(model, checkpoint));
      Path archive =
          graphs.get(
              model.manifest().cid(),
              (graph.label() + "-" + version).replace(':', '-'),
              file -> {
                checkpoint.requireFinite();
                written.archive().write(file);
              });
      StepDecoder.Sizes sizes = graph.sizes(context(model.manifest()), places);
      long weights = graph.sizes(context(model.manifest()), 0).memoryBytes();
      long threads = Math.max(1, weights / BYTES_PER_THREAD);
      return StepDecoder.load(
          archive, written.files(), sizes, (int) Math.min(config.threads(), threads));
    }
  }
}
