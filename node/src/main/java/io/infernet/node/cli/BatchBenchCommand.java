package io.infernet.node.cli;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.node.UsageException;
import io.infernet.node.batch.simulation.BatchSimulation;
import io.infernet.node.batch.simulation.BatchSimulationConfig;
import io.infernet.node.batch.simulation.BatchSimulationResult;
import io.infernet.node.batch.simulation.BatchSimulationResult.Decisions;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code infernet bench batch}: one batch undisturbed, and once more with failing providers. */
@Command(
    name = "batch",
    description = "Simulates how a batch is shared out among many providers, some of which fail.")
final class BatchBenchCommand implements Callable<Integer> {

  private final CliContext context;
  private final GlobalOptions global;

  @Option(
      names = "--providers",
      paramLabel = "N",
      defaultValue = "200",
      description = "How many providers bid (${DEFAULT-VALUE}).")
  private int providers;

  @Option(
      names = "--spread",
      paramLabel = "TIMES",
      defaultValue = "10",
      description = "How many times faster the fastest is than the slowest (${DEFAULT-VALUE}).")
  private double spread;

  @Option(
      names = "--items",
      paramLabel = "N",
      defaultValue = "30000",
      description = "Items of the batch (${DEFAULT-VALUE}).")
  private int items;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "400",
      description = "Tokens of an item, on average (${DEFAULT-VALUE}).")
  private int tokens;

  @Option(
      names = "--redundancy",
      paramLabel = "N",
      defaultValue = "2",
      description = "How many providers compute each shard (${DEFAULT-VALUE}).")
  private int redundancy;

  @Option(
      names = "--failing",
      paramLabel = "SHARE",
      defaultValue = "0.3",
      description = "Share of providers that fall silent during the second run (${DEFAULT-VALUE}).")
  private double failing;

  @Option(
      names = "--wrong",
      paramLabel = "SHARE",
      defaultValue = "0",
      description = "Share of results that agree with no other (${DEFAULT-VALUE}).")
  private double wrong;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "The same seed gives the same run (${DEFAULT-VALUE}).")
  private long seed;

  @Mixin private JsonOption json = new JsonOption();

  BatchBenchCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Override
  public Integer call() {
    Logging.toConsole(global.debug() ? Level.DEBUG : Level.ERROR);
    BatchSimulationConfig config = config();
    BatchSimulationResult undisturbed = run(config);
    BatchSimulationResult disturbed = run(withFailures(config, undisturbed.makespan()));
    if (json.wanted()) {
      context.out().println(Json.line(line(undisturbed, undisturbed)));
      context.out().println(Json.line(line(disturbed, undisturbed)));
    } else {
      Table table =
          new Table(
              "FAILED",
              "TOOK",
              "OF IDEAL",
              "OF UNDISTURBED",
              "SHARDS",
              "DOUBLED",
              "EXPIRED",
              "DECISION",
              "P99");
      row(table, undisturbed, undisturbed);
      row(table, disturbed, undisturbed);
      table.print(context.out());
    }
    return 0;
  }

  private static BatchSimulationResult run(BatchSimulationConfig config) {
    return new BatchSimulation(config, Ticker.system()).run();
  }

  private BatchSimulationConfig config() {
    BatchSimulationConfig defaults = BatchSimulationConfig.defaults();
    try {
      return new BatchSimulationConfig(
          providers,
          defaults.slowest(),
          spread,
          items,
          tokens,
          redundancy,
          0,
          defaults.failuresWithin(),
          wrong,
          defaults.boasting(),
          defaults.noise(),
          defaults.minLatency(),
          defaults.maxLatency(),
          defaults.scheduler(),
          seed);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private BatchSimulationConfig withFailures(BatchSimulationConfig config, Duration within) {
    try {
      return config.withFailures(failing, within);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private ObjectNode line(BatchSimulationResult result, BatchSimulationResult undisturbed) {
    ObjectNode line =
        Json.object()
            .put("bench", "batch")
            .put("providers", providers)
            .put("failed", result.failed())
            .put("items", items)
            .put("tokens", result.tokens())
            .put("redundancy", redundancy)
            .put("seed", seed)
            .put("makespan_s", result.makespan().toMillis() / 1e3)
            .put("ideal_s", result.ideal().toMillis() / 1e3)
            .put("of_ideal", result.ratio())
            .put("of_undisturbed", ratio(result, undisturbed))
            .put("shards", result.shards())
            .put("unsettled", result.unsettled())
            .put("replicas", result.replicas())
            .put("doubled", result.doubled())
            .put("expired", result.expired())
            .put("escalated", result.escalated())
            .put("most_unsettled", result.mostUnsettled());
    put(line, "direct", result.direct());
    put(line, "assign", result.assign());
    return line.put("trace", String.format(Locale.ROOT, "%016x", result.trace()));
  }

  private static void put(ObjectNode line, String what, Decisions decisions) {
    line.putObject(what)
        .put("decisions", decisions.count())
        .put("median_ms", millis(decisions.median()))
        .put("p99_ms", millis(decisions.p99()))
        .put("max_ms", millis(decisions.max()));
  }

  private static void row(
      Table table, BatchSimulationResult result, BatchSimulationResult undisturbed) {
    table.row(
        String.valueOf(result.failed()),
        format("%.0f s", result.makespan().toMillis() / 1e3),
        format("%.3f", result.ratio()),
        format("%.3f", ratio(result, undisturbed)),
        String.valueOf(result.shards()),
        String.valueOf(result.doubled()),
        String.valueOf(result.expired()),
        format("%.3f ms", millis(result.assign().median())),
        format("%.3f ms", millis(result.assign().p99())));
  }

  private static double ratio(BatchSimulationResult result, BatchSimulationResult undisturbed) {
    return (double) result.makespan().toNanos() / undisturbed.makespan().toNanos();
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
