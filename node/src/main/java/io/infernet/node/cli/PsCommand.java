package io.infernet.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.infernet.inference.pool.Sizes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code infernet ps}. */
@Command(
    name = "ps",
    sortOptions = false,
    description = "Shows the models that the running node has in memory, or those of its network.")
final class PsCommand implements Callable<Integer> {

  private final CliContext context;
  private final GlobalOptions global;
  private final Clock clock;

  @Option(
      names = "--network",
      description = "Show what can be asked for: the models that this node or any other serves.")
  private boolean network;

  @Mixin private JsonOption json = new JsonOption();

  PsCommand(CliContext context, GlobalOptions global, Clock clock) {
    this.context = context;
    this.global = global;
    this.clock = clock;
  }

  @Override
  public Integer call() {
    ArrayNode models = Json.array();
    for (JsonNode model : LocalApi.require(global.home()).get("/api/models").path("models")) {
      if (network || model.path("warm").asBoolean()) {
        models.add(model);
      }
    }
    if (json.wanted()) {
      context.out().println(Json.line(models));
      return 0;
    }
    if (models.isEmpty()) {
      context
          .err()
          .println(
              network
                  ? "nobody serves a model yet, here or in the network"
                  : "no model is in memory: `infernet serve --model NAME` keeps one there, and"
                      + " `infernet ps --network` shows those of others");
      return 0;
    }
    Table table = network ? ofNetwork(models) : ofNode(models);
    table.print(context.out());
    return 0;
  }

  private Table ofNode(ArrayNode models) {
    Table table =
        new Table(
            "MODEL", "TASK", "DEVICE", "WEIGHTS", "CACHE", "RUNNING", "WAITING", "CONTEXT", "UNTIL",
            "CID");
    for (JsonNode model : models) {
      JsonNode memory = model.path("memory");
      table.row(
          model.path("name").asText(),
          model.has("backend") ? "-" : model.path("task").asText(),
          model.path("backend").asText(memory.path("device").asText("-")),
          Sizes.text(memory.path("weights").asLong()),
          Sizes.text(memory.path("cache_used").asLong())
              + " of "
              + Sizes.text(memory.path("cache").asLong()),
          memory.path("running").asText(),
          memory.path("waiting").asText(),
          model.path("context_length").asText(),
          until(memory),
          model.path("model_cid").asText());
    }
    return table;
  }

  /** How long a model stays in memory. */
  private String until(JsonNode memory) {
    if (memory.path("pinned").asBoolean()) {
      return "pinned";
    }
    if (memory.has("idle_until")) {
      Duration left =
          Duration.between(clock.instant(), Instant.parse(memory.path("idle_until").asText()));
      return "idle, " + Math.max(0, left.toSeconds()) + " s left";
    }
    return memory.has("idle_since")
        ? "idle for " + age(Instant.parse(memory.path("idle_since").asText())).replace(" ago", "")
        : "in use";
  }

  private Table ofNetwork(ArrayNode models) {
    Table table = new Table("MODEL", "HERE", "PROVIDERS", "WARM", "CHEAPEST", "HEARD OF", "CID");
    for (JsonNode model : models) {
      table.row(
          model.path("name").asText(),
          model.has("backend")
              ? "backend"
              : model.path("warm").asBoolean()
                  ? "warm"
                  : model.path("installed").asBoolean() ? "installed" : "-",
          model.path("providers").asText(),
          model.path("warm_providers").asText(),
          model.has("cheapest") ? price(model.path("cheapest")) : "-",
          model.has("heard_at") ? age(Instant.parse(model.path("heard_at").asText())) : "-",
          model.path("model_cid").asText());
    }
    return table;
  }

  /** In millionths of the currency's unit: for the job, and for a thousand tokens. */
  private static String price(JsonNode cheapest) {
    long base = cheapest.path("base").asLong();
    long tokens = cheapest.path("per_1000_tokens").asLong();
    if (base == 0 && tokens == 0) {
      return "free";
    }
    return base == 0 ? tokens + "/1k" : base + " + " + tokens + "/1k";
  }

  private String age(Instant heard) {
    // Another's clock may be a little ahead.
    long seconds = Math.max(0, Duration.between(heard, clock.instant()).toSeconds());
    return seconds + " s ago";
  }
}
