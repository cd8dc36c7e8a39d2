package io.infernet.node.cli;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.batching.Decoder;
import io.infernet.inference.bench.EngineBenchmark;
import io.infernet.inference.bench.EngineBenchmark.Hidden;
import io.infernet.inference.bench.EngineBenchmark.Plan;
import io.infernet.inference.bench.EngineBenchmark.Result;
import io.infernet.inference.bench.EngineBenchmark.Soak;
import io.infernet.inference.bench.EngineBenchmark.Streams;
import io.infernet.inference.bench.EngineBenchmark.UnderLoad;
import io.infernet.inference.bench.MadeUpModel;
import io.infernet.inference.bench.MemoryBandwidth;
import io.infernet.inference.bench.QualityBenchmark;
import io.infernet.inference.bench.ResidentMemory;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.KnownDims;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.DeviceChoice;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.engine.djl.DecoderExport;
import io.infernet.inference.engine.djl.DjlDecoderLoader;
import io.infernet.inference.model.FolderModelRepository;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.model.ModelRepository;
import io.infernet.inference.model.Variant;
import io.infernet.inference.tokenizer.TextTokenizer;
import io.infernet.libp2p.concurrent.ThreadScheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.node.ShutdownHook;
import io.infernet.node.UsageException;
import io.infernet.node.assembly.Devices;
import io.infernet.node.assembly.InferenceAssembly;
import io.infernet.node.config.ConfigLoader;
import io.infernet.node.config.HomeSetup;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.config.Setting;
import io.infernet.node.config.Settings;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code infernet bench engine}. */
@Command(name = "engine", description = "How fast a model reads and writes here.")
final class EngineBenchCommand implements Callable<Integer> {

  /** Tokens after which a text's context begins anew; small enough for every model. */
  private static final int QUALITY_WINDOW = 256;

  /** Tokens in the cache of an exported model. */
  private static final int EXPORTED_PLACES = 8192;

  /** For how long a measurement that is broken off may take to end. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final CliContext context;
  private final GlobalOptions global;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      defaultValue = "storyteller",
      description = "Which model, with a variant if wanted (${DEFAULT-VALUE}).")
  private String model = "";

  @Option(
      names = "--dims",
      paramLabel = "NAME",
      description =
          "Instead of a model: the published dimensions of one, with weights made up; with a"
              + " variant if wanted. Nothing but its text is different from the real one.")
  private @Nullable String dims;

  @Option(
      names = "--prompt-tokens",
      paramLabel = "N",
      description = "Length of the prompt (128, or half of the context).")
  private @Nullable Integer promptTokens;

  @Option(
      names = "--output-tokens",
      paramLabel = "N",
      description = "Length of the answer (128, or half of the context).")
  private @Nullable Integer outputTokens;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      description = "How many answers one after the other; figures are medians (5).")
  private @Nullable Integer repeats;

  @Option(
      names = "--streams",
      paramLabel = "N",
      split = ",",
      description = "How many answers at once, a measurement each; 0 for none (4,16,64).")
  private @Nullable List<Integer> streams;

  @Option(
      names = "--load",
      paramLabel = "N",
      description = "Time the first token beside so many other answers; 0 to leave out (16).")
  private @Nullable Integer load;

  @Option(
      names = "--soak",
      paramLabel = "N",
      description = "Instead: answer N short questions and look at the memory.")
  private @Nullable Integer soak;

  @Option(
      names = "--hidden",
      description =
          "Instead: how much longer a token takes when hidden states are kept for a fingerprint.")
  private boolean hidden;

  @Option(
      names = "--quality",
      description =
          "Instead: how well the model predicts a text in each of its variants, or in the named"
              + " one, against the model as stored.")
  private boolean quality;

  @Option(
      names = "--export",
      paramLabel = "DIR",
      description =
          "Instead: write the model's graph and weights so that plain PyTorch runs them, for"
              + " scripts/gpu-check.")
  private @Nullable Path export;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "Where it computes: auto, cpu, cuda, cuda:N or mps (as engine.device).")
  private @Nullable String device;

  @Mixin private JsonOption json = new JsonOption();

  EngineBenchCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Override
  public Integer call() throws InterruptedException {
    try (ShutdownHook hook = ShutdownHook.interruptingCaller(PATIENCE)) {
      bench();
      return 0;
    }
  }

  private void bench() throws InterruptedException {
    Logging.toConsole(global.debug() ? Level.DEBUG : Level.ERROR);
    HomeSetup.ensure(global.home(), new SecureRandom(), global::warn);
    NodeConfig config = NodeConfig.of(global.home(), global.settings(flags()));
    requireOnePurpose();
    if (quality) {
      quality(config);
      return;
    }
    try (ThreadScheduler scheduler = new ThreadScheduler("timers");
        InferenceAssembly inference =
            InferenceAssembly.of(
                config, Devices.ofMachine(config, global::warn), scheduler, Clock.systemUTC())) {
      InstalledModel installed =
          dims == null ? inference.models().require(ModelName.parse(model)) : madeUp(dims);
      if (export != null) {
        export(config, installed, export);
        return;
      }
      int threads = config.engine().threads();
      MemoryBandwidth bandwidth =
          new MemoryBandwidth(
              threads == 0 ? Runtime.getRuntime().availableProcessors() : threads, Ticker.system());
      EngineBenchmark benchmark =
          new EngineBenchmark(
              inference.engine(),
              Ticker.system(),
              bandwidth::gigabytesPerSecond,
              ResidentMemory::bytes);
      Plan plan = plan(inference.engine().contextLength(installed.manifest()));
      if (soak != null) {
        soak(benchmark, installed, plan, soak);
      } else if (hidden) {
        print(installed, measure(() -> benchmark.hidden(installed, plan)));
      } else {
        print(measure(() -> benchmark.measure(installed, plan)));
      }
    }
  }

  private void requireOnePurpose() {
    if (Stream.of(soak != null, hidden, quality, export != null).filter(wanted -> wanted).count()
        > 1) {
      throw new UsageException(
          "--soak, --hidden, --quality and --export: only one of them at a time");
    }
    if (quality && dims != null) {
      throw new UsageException("--quality takes no --dims: made-up weights predict nothing");
    }
  }

  private InstalledModel madeUp(String dimensions) {
    ModelName name = ModelName.parse(dimensions);
    if (!KnownDims.names().contains(name.name())) {
      throw new UsageException(
          "--dims takes one of %s, with a variant if wanted"
              .formatted(String.join(", ", KnownDims.names())));
    }
    return MadeUpModel.of(
        global.home().path().resolve("cache").resolve("bench"), name, global::warn);
  }

  private Map<Setting<?>, ConfigLoader.Flag> flags() {
    return device == null
        ? Map.of()
        : Map.of(Settings.ENGINE_DEVICE, new ConfigLoader.Flag("--device", device));
  }

  /** For the device that is named; it need not be in this machine. */
  private void export(NodeConfig config, InstalledModel model, Path folder) {
    DeviceChoice choice = config.engine().device();
    Device target =
        switch (choice.kind().orElse(Device.Kind.CPU)) {
          case CPU -> Device.CPU;
          case CUDA -> Device.cuda(choice.index().orElse(0));
          case MPS -> Device.MPS;
        };
    new DecoderExport(InferenceAssembly.engineConfig(config), CheckpointLimits.defaults())
        .write(model, target, EXPORTED_PLACES, folder);
    context.out().printf("exported %s for %s to %s%n", model.name(), target, folder);
  }

  private Plan plan(int contextLength) {
    Plan usual = Plan.defaults(contextLength);
    try {
      return new Plan(
          promptTokens == null ? usual.promptTokens() : promptTokens,
          outputTokens == null ? usual.outputTokens() : outputTokens,
          repeats == null ? usual.repeats() : repeats,
          streams == null ? usual.streams() : streams.stream().filter(count -> count != 0).toList(),
          load == null ? usual.loadStreams() : load,
          usual.longPrompt(),
          SamplingParams.greedy());
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  /** Begins a measurement that may find that it is not for this model. */
  private static <T> T measure(Supplier<CompletableFuture<T>> measurement)
      throws InterruptedException {
    try {
      return measurement.get().get();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    } catch (ExecutionException e) {
      throw new CompletionException(e.getCause());
    }
  }

  private void soak(EngineBenchmark benchmark, InstalledModel installed, Plan plan, int requests)
      throws InterruptedException {
    if (requests < 1) {
      throw new UsageException("--soak takes the number of questions, at least 1");
    }
    Soak result =
        measure(
            () ->
                benchmark.soak(
                    installed,
                    plan,
                    requests,
                    4,
                    answered ->
                        context
                            .err()
                            .printf(
                                Locale.ROOT,
                                "%d of %d answered, %s resident%n",
                                answered,
                                requests,
                                ListCommand.size(ResidentMemory.bytes()))));
    if (json.wanted()) {
      line(
          Json.object()
              .put("bench", "engine_soak")
              .put("model", installed.name().toString())
              .put("requests", result.requests())
              .put("settled_bytes", result.settledBytes())
              .put("end_bytes", result.endBytes()));
    } else {
      Table table = new Table("WHAT", "MEASURED");
      table.row("model", installed.name().toString());
      table.row("questions", Integer.toString(result.requests()));
      table.row("resident after a tenth", ListCommand.size(result.settledBytes()));
      table.row("resident at the end", ListCommand.size(result.endBytes()));
      table.print(context.out());
    }
  }

  private void print(InstalledModel model, Hidden result) {
    if (json.wanted()) {
      line(
          Json.object()
              .put("bench", "engine_hidden")
              .put("model", model.name().toString())
              .put("pairs", result.pairs())
              .put("token_ms", result.tokenMillis())
              .put("token_ms_with", result.tokenMillisWith())
              .put("cost", result.cost()));
    } else {
      Table table = new Table("WHAT", "MEASURED");
      table.row("model", model.name().toString());
      table.row("a token", format("%.3f ms", result.tokenMillis()));
      table.row("with hidden states", format("%.3f ms", result.tokenMillisWith()));
      table.row("cost", format("%+.2f %%", result.cost() * 100));
      table.print(context.out());
    }
  }

  /** On this thread, without an engine: the figures are of whole distributions. */
  private void quality(NodeConfig config) throws InterruptedException {
    CheckpointLimits limits = CheckpointLimits.defaults();
    EngineConfig engine = InferenceAssembly.engineConfig(config);
    ModelName name = ModelName.parse(model);
    ModelName stored = new ModelName(name.name(), Optional.empty());
    ModelRepository models = new FolderModelRepository(config.home().modelsFolder(), limits);
    InstalledModel reference = models.require(stored);
    int[] ids;
    try (TextTokenizer tokenizer =
        TextTokenizer.open(reference.folder(), engine.nativesFolder(), Integer.MAX_VALUE)) {
      ids = tokenizer.encode(QualityBenchmark.text(), true).toArray();
    }
    int most = Math.min(engine.maxContext(), reference.manifest().contextLength());
    int window = Math.min(QUALITY_WINDOW, most);
    DjlDecoderLoader loader = new DjlDecoderLoader(engine, limits);
    Table table =
        new Table(
            "VARIANT",
            "COMPUTED IN",
            "PERPLEXITY",
            "AS STORED",
            "KL MEAN",
            "KL WORST",
            "SAME FIRST CHOICE");
    try (Decoder expected = loader.load(reference, Device.CPU, window)) {
      for (Variant variant : Variant.values()) {
        if (name.variant().filter(v -> v != variant).isPresent()) {
          continue;
        }
        InstalledModel other = models.require(new ModelName(name.name(), Optional.of(variant)));
        String numbers = loader.numbers(other, Device.CPU);
        try (Decoder actual = loader.load(other, Device.CPU, window)) {
          QualityBenchmark.Result result = QualityBenchmark.measure(expected, actual, ids, window);
          if (json.wanted()) {
            line(
                Json.object()
                    .put("bench", "engine_quality")
                    .put("model", other.name().toString())
                    .put("computed_in", numbers)
                    .put("predictions", result.predictions())
                    .put("perplexity", result.perplexity())
                    .put("stored_perplexity", result.referencePerplexity())
                    .put("kl_mean_nats", result.meanDivergence())
                    .put("kl_worst_nats", result.worstDivergence())
                    .put("same_first_choice", result.sameFirstChoice()));
          } else {
            table.row(
                variant.toString(),
                numbers,
                format("%.3f", result.perplexity()),
                format("%.3f", result.referencePerplexity()),
                format("%.6f", result.meanDivergence()),
                format("%.4f", result.worstDivergence()),
                format("%.1f %%", result.sameFirstChoice() * 100));
          }
        }
      }
    }
    if (!json.wanted()) {
      table.print(context.out());
    }
  }

  private void print(Result result) {
    if (json.wanted()) {
      line(toJson(result));
      return;
    }
    Table table = new Table("WHAT", "MEASURED");
    table.row("model", result.model().toString());
    table.row("load", format("%.0f ms", result.loadMillis()));
    table.row(
        "prefill",
        format(
            "%.0f tokens/s (first token of %d after %.1f ms)",
            result.prefillTokensPerSecond(), result.promptTokens(), result.firstTokenMillis()));
    table.row("decode", format("%.1f tokens/s", result.decodeTokensPerSecond()));
    for (Streams streams : result.streams()) {
      table.row(
          streams.count() + " at once",
          format(
              "%.1f tokens/s in all, %.1f times one",
              streams.tokensPerSecond(), streams.timesOne()));
    }
    for (UnderLoad load : result.underLoad()) {
      table.row(
          "first token beside " + load.streams(),
          format(
              "%.1f ms, at worst %.1f ms%s",
              load.medianMillis(),
              load.worstMillis(),
              load.longPrompt() == 0 ? "" : ", and a prompt of " + load.longPrompt()));
    }
    table.row("model's memory", ListCommand.size(result.memoryBytes()));
    table.row("process's memory", ListCommand.size(result.residentBytes()));
    table.row("bandwidth", format("%.0f GB/s", result.memoryGigabytesPerSecond()));
    table.print(context.out());
  }

  private static ObjectNode toJson(Result result) {
    ObjectNode object =
        Json.object()
            .put("bench", "engine")
            .put("model", result.model().toString())
            .put("load_ms", result.loadMillis())
            .put("prompt_tokens", result.promptTokens())
            .put("first_token_ms", result.firstTokenMillis())
            .put("prefill_tokens_per_second", result.prefillTokensPerSecond())
            .put("output_tokens", result.outputTokens())
            .put("decode_tokens_per_second", result.decodeTokensPerSecond());
    ArrayNode streams = object.putArray("streams");
    for (Streams each : result.streams()) {
      streams
          .addObject()
          .put("count", each.count())
          .put("tokens_per_second", each.tokensPerSecond())
          .put("times_one", each.timesOne());
    }
    ArrayNode underLoad = object.putArray("under_load");
    for (UnderLoad each : result.underLoad()) {
      underLoad
          .addObject()
          .put("streams", each.streams())
          .put("long_prompt", each.longPrompt())
          .put("first_token_median_ms", each.medianMillis())
          .put("first_token_worst_ms", each.worstMillis());
    }
    return object
        .put("memory_bytes", result.memoryBytes())
        .put("resident_bytes", result.residentBytes())
        .put("memory_gb_per_second", result.memoryGigabytesPerSecond());
  }

  private void line(ObjectNode object) {
    context.out().println(Json.line(object));
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
