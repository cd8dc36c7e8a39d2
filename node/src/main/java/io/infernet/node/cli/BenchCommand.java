package io.infernet.node.cli;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.engine.EngineBenchmark;
import io.infernet.inference.engine.MemoryBandwidth;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.libp2p.bench.NetworkBenchmark;
import io.infernet.libp2p.concurrent.ThreadScheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.HostConfig;
import io.infernet.libp2p.security.noise.AeadFactory;
import io.infernet.node.assembly.InferenceAssembly;
import io.infernet.node.config.HomeSetup;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.job.JobBenchmark;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code infernet bench}. */
@Command(
    name = "bench",
    description = "Measures on this machine.",
    synopsisSubcommandLabel = "(engine | network | dht | gossip)")
final class BenchCommand {

  private final CliContext context;
  private final GlobalOptions global;

  BenchCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Command(name = "engine", description = "How fast a model reads and writes here.")
  int engine(
      @Option(
              names = "--model",
              paramLabel = "NAME",
              defaultValue = "storyteller",
              description = "Which model (${DEFAULT-VALUE}).")
          String model,
      @Mixin JsonOption json) {
    Logging.toConsole(global.debug() ? Level.DEBUG : Level.ERROR);
    HomeSetup.ensure(global.home(), new SecureRandom(), global::warn);
    NodeConfig config = NodeConfig.of(global.home(), global.settings(Map.of()));
    try (ThreadScheduler scheduler = new ThreadScheduler("timers");
        InferenceAssembly inference = InferenceAssembly.of(config, scheduler, Clock.systemUTC())) {
      int threads = config.engine().threads();
      MemoryBandwidth bandwidth =
          new MemoryBandwidth(
              threads == 0 ? Runtime.getRuntime().availableProcessors() : threads, Ticker.system());
      InstalledModel installed = inference.models().require(ModelName.parse(model));
      EngineBenchmark.Result result =
          new EngineBenchmark(inference.engine(), Ticker.system(), bandwidth::gigabytesPerSecond)
              .measure(installed, EngineBenchmark.Plan.defaults())
              .join();
      if (json.wanted()) {
        line(
            Json.object()
                .put("bench", "engine")
                .put("model", result.model().toString())
                .put("load_ms", result.loadMillis())
                .put("prompt_tokens", result.promptTokens())
                .put("first_token_ms", result.firstTokenMillis())
                .put("prefill_tokens_per_second", result.prefillTokensPerSecond())
                .put("output_tokens", result.outputTokens())
                .put("decode_tokens_per_second", result.decodeTokensPerSecond())
                .put("memory_bytes", result.memoryBytes())
                .put("memory_gb_per_second", result.memoryGigabytesPerSecond()));
      } else {
        Table table = new Table("WHAT", "MEASURED");
        table.row("model", result.model().toString());
        table.row("load", format("%.0f ms", result.loadMillis()));
        table.row(
            "prefill",
            format(
                "%.0f tokens/s (first token of %d after %.1f ms)",
                result.prefillTokensPerSecond(), result.promptTokens(), result.firstTokenMillis()));
        table.row("decode", format("%.0f tokens/s", result.decodeTokensPerSecond()));
        table.row("memory", ListCommand.size(result.memoryBytes()));
        table.row("bandwidth", format("%.0f GB/s", result.memoryGigabytesPerSecond()));
        table.print(context.out());
      }
    }
    return 0;
  }

  @Command(name = "network", description = "How fast peers talk over loopback.")
  int network(@Mixin JsonOption json) {
    Logging.toConsole(global.debug() ? Level.DEBUG : Level.ERROR);
    NetworkBenchmark.Result result =
        new NetworkBenchmark(
                NetworkBenchmark.Config.defaults(),
                HostConfig.defaults(),
                AeadFactory.fastest(),
                Ticker.system())
            .run();
    JobBenchmark.Result jobs = JobBenchmarkNodes.measure(JobBenchmark.Config.defaults());
    if (json.wanted()) {
      line(latency("handshake", result.handshake()));
      line(latency("stream_open", result.streamOpen()));
      line(latency("ping", result.ping()));
      line(
          throughput("one_stream", result.oneStream())
              .put("share_of_cipher", result.shareOfCipher()));
      line(throughput("eight_streams", result.eightStreams()));
      line(throughput("cipher", result.cipher()));
      line(latency("first_token_remote", jobs.remote()));
      line(latency("first_token_local", jobs.local()));
      line(latency("first_token_added", jobs.added()));
    } else {
      Table table = new Table("WHAT", "MEDIAN", "P99", "THROUGHPUT");
      row(table, "handshake", result.handshake());
      row(table, "stream open", result.streamOpen());
      row(table, "ping", result.ping());
      row(table, "first token, at a provider", jobs.remote());
      row(table, "first token, in the process", jobs.local());
      row(table, "added by the network", jobs.added());
      table.row(
          "one stream",
          "",
          "",
          format(
              "%.0f MB/s, %.0f %% of the cipher's",
              result.oneStream() / 1e6, result.shareOfCipher() * 100));
      table.row("eight streams", "", "", format("%.0f MB/s", result.eightStreams() / 1e6));
      table.row("cipher, one thread", "", "", format("%.0f MB/s", result.cipher() / 1e6));
      table.print(context.out());
    }
    return 0;
  }

  private static ObjectNode latency(String what, NetworkBenchmark.Latency latency) {
    return Json.object()
        .put("bench", "network")
        .put("what", what)
        .put("median_ms", millis(latency.median()))
        .put("p99_ms", millis(latency.p99()));
  }

  private static ObjectNode throughput(String what, double bytesPerSecond) {
    return Json.object()
        .put("bench", "network")
        .put("what", what)
        .put("bytes_per_second", Math.round(bytesPerSecond));
  }

  private static void row(Table table, String what, NetworkBenchmark.Latency latency) {
    table.row(
        what,
        format("%.3f ms", millis(latency.median())),
        format("%.3f ms", millis(latency.p99())),
        "");
  }

  private void line(ObjectNode object) {
    context.out().println(Json.line(object));
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
