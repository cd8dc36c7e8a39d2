package io.infernet.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infernet status}. */
@Command(name = "status", description = "Shows whether a node runs in this home and how it is.")
final class StatusCommand implements Callable<Integer> {

  private final CliContext context;
  private final GlobalOptions global;

  @Mixin private JsonOption json = new JsonOption();

  StatusCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Override
  public Integer call() {
    Optional<LocalApi> api = LocalApi.find(global.home());
    ObjectNode status =
        Json.object().put("home", global.home().toString()).put("running", api.isPresent());
    api.ifPresent(
        found -> {
          status.put("pid", found.node().pid()).put("api", found.node().api().toString());
          status.setAll((ObjectNode) found.get("/api/status"));
        });
    if (json.wanted()) {
      context.out().println(Json.line(status));
      return 0;
    }
    print(status);
    if (api.isEmpty()) {
      context.err().println("no node runs here: start one with `infernet serve`");
    }
    return 0;
  }

  /** A line for each value; what is known of the network has lines of its own. */
  private void print(ObjectNode object) {
    for (var field : object.properties()) {
      if (field.getKey().equals("backends")) {
        field.getValue().forEach(this::printBackend);
      } else if (field.getKey().equals("network")
          && field.getValue() instanceof ObjectNode network) {
        print(network);
      } else {
        String name = field.getKey().equals("name") ? "network" : field.getKey();
        context.out().printf("%-12s %s%n", name, text(field.getValue()));
      }
    }
  }

  private void printBackend(JsonNode backend) {
    context
        .out()
        .printf(
            "%-12s %s%n",
            "backend",
            backend.path("up").asBoolean()
                ? "%s at %s: %s, %d running"
                    .formatted(
                        backend.path("kind").asText(),
                        backend.path("url").asText(),
                        String.join(", ", names(backend.path("models"))),
                        backend.path("running").asInt())
                : backend.path("detail").asText());
  }

  private static List<String> names(JsonNode array) {
    List<String> names = new ArrayList<>();
    array.forEach(name -> names.add(name.asText()));
    return names;
  }

  private static String text(JsonNode value) {
    if (value.isTextual()) {
      return value.asText();
    }
    if (!(value instanceof ObjectNode object)) {
      return value.toString();
    }
    List<String> parts = new ArrayList<>();
    for (var field : object.properties()) {
      JsonNode inner = field.getValue();
      parts.add(
          inner.isObject()
              ? field.getKey() + " (" + text(inner) + ")"
              : field.getKey() + " " + text(inner));
    }
    return String.join(", ", parts);
  }
}
