package io.infernet.node.cli;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.discovery.simulation.Attack;
import io.infernet.discovery.simulation.DhtResult;
import io.infernet.discovery.simulation.DhtSimulation;
import io.infernet.discovery.simulation.DhtSimulationConfig;
import io.infernet.discovery.simulation.LookupFigures;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.node.UsageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code infernet bench dht}: one simulation for each number of nodes. */
@Command(
    name = "dht",
    description = "Simulates the DHT of many nodes, which come and go, and some of which attack.")
final class DhtBenchCommand implements Callable<Integer> {

  private static final Pattern RANGE = Pattern.compile("(\\d{1,6})-(\\d{1,6})");
  private static final String ATTACKS = "eclipse, poison, spam, sybil, all or none";

  private final CliContext context;
  private final GlobalOptions global;

  @Option(
      names = "--nodes",
      paramLabel = "N",
      split = ",",
      defaultValue = "1000",
      description = "How many nodes, one run for each number (${DEFAULT-VALUE}).")
  private List<Integer> nodes = new ArrayList<>();

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "The same seed gives the same run (${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--latency",
      paramLabel = "MIN-MAX",
      defaultValue = "50-300",
      description =
          "Milliseconds that a message takes, between the nearest and the farthest two"
              + " (${DEFAULT-VALUE}).")
  private String latency = "";

  @Option(
      names = "--lookups",
      paramLabel = "N",
      defaultValue = "2000",
      description = "How many look-ups of each kind (${DEFAULT-VALUE}).")
  private int lookups;

  @Option(
      names = "--churn",
      paramLabel = "SHARE",
      defaultValue = "0.5",
      description = "Share of nodes that is replaced in an hour (${DEFAULT-VALUE}).")
  private double churn;

  @Option(
      names = "--churn-minutes",
      paramLabel = "N",
      defaultValue = "10",
      description = "How long nodes are replaced (${DEFAULT-VALUE}).")
  private int churnMinutes;

  @Option(
      names = "--attackers",
      paramLabel = "SHARE",
      defaultValue = "0",
      description = "Share of nodes that are hostile (${DEFAULT-VALUE}).")
  private double attackers;

  @Option(
      names = "--attack",
      paramLabel = "KIND",
      split = ",",
      defaultValue = "all",
      description = "What hostile nodes do, several with commas: " + ATTACKS + ".")
  private List<String> attacks = new ArrayList<>();

  @Mixin private JsonOption json = new JsonOption();

  DhtBenchCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Override
  public Integer call() {
    Logging.toConsole(global.debug() ? Level.DEBUG : Level.ERROR);
    List<DhtSimulationConfig> configs = nodes.stream().map(this::config).toList();
    Table table =
        new Table(
            "NODES",
            "EXACT",
            "ROUNDS",
            "P99",
            "REQUESTS",
            "MEDIAN",
            "PROVIDERS",
            "IN CHURN",
            "MESSAGES",
            "HEAP",
            "TOOK");
    for (DhtSimulationConfig config : configs) {
      DhtResult result = new DhtSimulation(config, this::say, Ticker.system()).run();
      if (json.wanted()) {
        context.out().println(Json.line(line(config, result)));
        context.out().flush();
      } else {
        row(table, result);
      }
    }
    if (!json.wanted()) {
      table.print(context.out());
    }
    return 0;
  }

  private DhtSimulationConfig config(int size) {
    Matcher range = RANGE.matcher(latency);
    if (!range.matches()) {
      throw new UsageException(
          "--latency " + latency + " is no range of milliseconds such as 50-300");
    }
    DhtSimulationConfig defaults = DhtSimulationConfig.defaults();
    Set<Attack> chosen = attacks();
    try {
      return new DhtSimulationConfig(
          size,
          seed,
          Duration.ofMillis(Long.parseLong(range.group(1))),
          Duration.ofMillis(Long.parseLong(range.group(2))),
          defaults.joinTime(),
          defaults.settleTime(),
          lookups,
          defaults.keys(),
          churn,
          Duration.ofMinutes(churnMinutes),
          chosen.isEmpty() ? 0 : attackers,
          attackers == 0 ? Set.of() : chosen,
          defaults.kad(),
          defaults.connections());
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private Set<Attack> attacks() {
    Set<Attack> chosen = EnumSet.noneOf(Attack.class);
    for (String name : attacks) {
      switch (name) {
        case "all" -> chosen.addAll(EnumSet.allOf(Attack.class));
        case "none" -> {}
        case "eclipse" -> chosen.add(Attack.ECLIPSE);
        case "poison" -> chosen.add(Attack.POISON);
        case "spam" -> chosen.add(Attack.SPAM);
        case "sybil" -> chosen.add(Attack.SYBIL);
        default -> throw new UsageException("--attack " + name + " is none of " + ATTACKS);
      }
    }
    return chosen;
  }

  private void say(String progress) {
    if (!json.wanted()) {
      context.err().println(progress);
    }
  }

  private static ObjectNode line(DhtSimulationConfig config, DhtResult result) {
    LookupFigures found = result.lookups();
    ObjectNode line =
        Json.object()
            .put("bench", "dht")
            .put("nodes", result.nodes())
            .put("hostile", result.hostile());
    ArrayNode attacks = line.putArray("attacks");
    result.attacks().stream()
        .sorted()
        .forEach(attack -> attacks.add(attack.name().toLowerCase(Locale.ROOT)));
    line.put("seed", result.seed())
        .put("min_latency_ms", config.minLatency().toMillis())
        .put("max_latency_ms", config.maxLatency().toMillis())
        .put("lookups", found.count())
        .put("exact", found.exact())
        .put("recall", found.recall())
        .put("rounds_median", found.roundsMedian())
        .put("rounds_p99", found.roundsP99())
        .put("rounds_max", found.roundsMax())
        .put("requests_mean", found.requestsMean())
        .put("lookup_median_ms", found.durationMedian().toMillis())
        .put("lookup_p99_ms", found.durationP99().toMillis())
        .put("provider_lookups", result.providers().count())
        .put("provider_found", result.providers().found());
    if (config.churn() > 0) {
      line.put("churn_per_hour", config.churn())
          .put("churn_minutes", config.churnTime().toMinutes())
          .put("replaced", result.replaced())
          .put("churn_provider_lookups", result.providersInChurn().count())
          .put("churn_provider_found", result.providersInChurn().found());
    }
    return line.put("simulated_s", result.virtualTime().toMillis() / 1e3)
        .put("wall_s", result.wallTime().toMillis() / 1e3)
        .put("dials", result.dials())
        .put("messages", result.messages())
        .put("bytes", result.bytes())
        .put("peak_heap_bytes", result.peakHeapBytes())
        .put("trace", String.format(Locale.ROOT, "%016x", result.traceHash()));
  }

  private static void row(Table table, DhtResult result) {
    LookupFigures found = result.lookups();
    boolean churned = result.providersInChurn().count() > 0;
    table.row(
        Integer.toString(result.nodes()),
        format("%.2f %%", found.exact() * 100),
        Integer.toString(found.roundsMedian()),
        Integer.toString(found.roundsP99()),
        format("%.1f", found.requestsMean()),
        format("%.1f s", found.durationMedian().toMillis() / 1e3),
        format("%.2f %%", result.providers().found() * 100),
        churned ? format("%.2f %%", result.providersInChurn().found() * 100) : "",
        format("%.1f M", result.messages() / 1e6),
        ListCommand.size(result.peakHeapBytes()),
        format("%.1f s", result.wallTime().toMillis() / 1e3));
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
