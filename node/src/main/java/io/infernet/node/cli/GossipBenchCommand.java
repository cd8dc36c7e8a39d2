package io.infernet.node.cli;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.discovery.simulation.GossipAttack;
import io.infernet.discovery.simulation.GossipResult;
import io.infernet.discovery.simulation.GossipSimulation;
import io.infernet.discovery.simulation.GossipSimulationConfig;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.node.UsageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code infernet bench gossip}: one simulation for each size of messages. */
@Command(
    name = "gossip",
    description = "Simulates gossip among many nodes, some of which drop or attack.")
final class GossipBenchCommand implements Callable<Integer> {

  private static final String ATTACKS =
      "invalid-messages, ihave-flood, graft-flood, eclipse, covert-flash, sybil";

  private final CliContext context;
  private final GlobalOptions global;

  @Option(
      names = "--nodes",
      paramLabel = "N",
      defaultValue = "1000",
      description = "How many nodes are subscribed (${DEFAULT-VALUE}).")
  private int nodes;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "The same seed gives the same run (${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--min-latency",
      paramLabel = "MS",
      defaultValue = "50",
      description = "Latency between the nearest two nodes (${DEFAULT-VALUE}).")
  private long minLatency;

  @Option(
      names = "--max-latency",
      paramLabel = "MS",
      defaultValue = "300",
      description = "Latency between the farthest two nodes (${DEFAULT-VALUE}).")
  private long maxLatency;

  @Option(
      names = "--uplink",
      paramLabel = "BYTES",
      defaultValue = "0",
      description = "Bytes that a node can send in a second; 0 for no limit (${DEFAULT-VALUE}).")
  private long uplink;

  @Option(
      names = "--dials",
      paramLabel = "N",
      defaultValue = "12",
      description =
          "Connections that each node opens; it has about twice as many (${DEFAULT-VALUE}).")
  private int dials;

  @Option(
      names = "--droppers",
      paramLabel = "SHARE",
      defaultValue = "0.2",
      description = "Share of nodes that forward nothing (${DEFAULT-VALUE}).")
  private double droppers;

  @Option(
      names = "--failures",
      paramLabel = "SHARE",
      defaultValue = "0",
      description = "Share of nodes that lose power before messages count (${DEFAULT-VALUE}).")
  private double failures;

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
      converter = AttackName.class,
      description = "What hostile nodes do, several with commas: " + ATTACKS + " (all).")
  private Set<GossipAttack> attacks = EnumSet.noneOf(GossipAttack.class);

  @Option(
      names = "--messages",
      paramLabel = "N",
      defaultValue = "20",
      description = "How many messages are published (${DEFAULT-VALUE}).")
  private int messages;

  @Option(
      names = "--size",
      paramLabel = "BYTES",
      split = ",",
      defaultValue = "1024,32768",
      description = "How large they are, one run for each (${DEFAULT-VALUE}).")
  private List<Integer> sizes = new ArrayList<>();

  @Mixin private JsonOption json = new JsonOption();

  GossipBenchCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Override
  public Integer call() {
    Logging.toConsole(global.debug() ? Level.DEBUG : Level.ERROR);
    List<GossipSimulationConfig> configs = sizes.stream().map(this::config).toList();
    Table table =
        new Table(
            "SIZE", "REACHED", "MEDIAN", "P99", "MAX", "COPIES", "BYTES/NODE", "IGNORED", "TOOK");
    for (GossipSimulationConfig config : configs) {
      GossipResult result = new GossipSimulation(config, this::say, Ticker.system()).run();
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

  private GossipSimulationConfig config(int size) {
    GossipSimulationConfig defaults = GossipSimulationConfig.defaults();
    Set<GossipAttack> all = EnumSet.allOf(GossipAttack.class);
    try {
      return new GossipSimulationConfig(
          nodes,
          seed,
          Duration.ofMillis(minLatency),
          Duration.ofMillis(maxLatency),
          uplink,
          dials,
          droppers,
          failures,
          attackers,
          attackers > 0 && attacks.isEmpty() ? all : attacks,
          defaults.victims(),
          defaults.settleTime(),
          messages,
          size,
          defaults.interval(),
          defaults.gossip(),
          defaults.scoring());
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private void say(String progress) {
    if (!json.wanted()) {
      context.err().println(progress);
    }
  }

  private static ObjectNode line(GossipSimulationConfig config, GossipResult result) {
    ObjectNode line =
        Json.object()
            .put("bench", "gossip")
            .put("nodes", config.nodes())
            .put("message_bytes", result.messageSize())
            .put("messages", result.messages())
            .put("droppers", result.droppers())
            .put("failed", result.failed())
            .put("attackers", result.attackers());
    ArrayNode attacks = line.putArray("attacks");
    result.attacks().stream().sorted().forEach(attack -> attacks.add(word(attack)));
    return line.put("seed", result.seed())
        .put("reached", result.reached())
        .put("reached_ever", result.reachedEver())
        .put("median_ms", result.medianMillis())
        .put("p99_ms", result.p99Millis())
        .put("max_ms", result.maxMillis())
        .put("copies_per_node", result.copies())
        .put("degree", config.gossip().mesh().degree())
        .put("bytes_per_node", result.bytesPerNode())
        .put("overhead", result.overhead())
        .put("connections", result.connections())
        .put("mesh_size", result.meshSize())
        .put("victims_reached", result.victimsReached())
        .put("hostile_in_mesh", result.hostileInMesh())
        .put("hostile_ignored", result.hostileIgnored())
        .put("honest_ignored", result.honestIgnored())
        .put("simulated_s", result.simulated().toMillis() / 1e3)
        .put("wall_s", result.wall().toMillis() / 1e3)
        .put("trace", String.format(Locale.ROOT, "%016x", result.traceHash()));
  }

  private static void row(Table table, GossipResult result) {
    table.row(
        ListCommand.size(result.messageSize()),
        format("%.3f %%", result.reached() * 100),
        format("%.0f ms", result.medianMillis()),
        format("%.0f ms", result.p99Millis()),
        format("%.0f ms", result.maxMillis()),
        format("%.2f", result.copies()),
        ListCommand.size(Math.round(result.bytesPerNode())),
        result.attackers() == 0 ? "" : format("%.0f %%", result.hostileIgnored() * 100),
        format("%.1f s", result.wall().toMillis() / 1e3));
  }

  /** Reads an attack in the words of the command line. */
  static final class AttackName implements ITypeConverter<GossipAttack> {
    @Override
    public GossipAttack convert(String value) {
      for (GossipAttack attack : GossipAttack.values()) {
        if (word(attack).equals(value)) {
          return attack;
        }
      }
      throw new TypeConversionException("'" + value + "' is none of " + ATTACKS);
    }
  }

  private static String word(GossipAttack attack) {
    return attack.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
