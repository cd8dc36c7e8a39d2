package io.infernet.node.cli;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.libp2p.bench.NetworkBenchmark;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.HostConfig;
import io.infernet.libp2p.security.noise.AeadFactory;
import io.infernet.node.job.JobBenchmark;
import java.time.Duration;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infernet bench}. */
@Command(
    name = "bench",
    description = "Measures on this machine.",
    synopsisSubcommandLabel = "(engine | network | dht | gossip | batch)")
final class BenchCommand {

  private final CliContext context;
  private final GlobalOptions global;

  BenchCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
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
