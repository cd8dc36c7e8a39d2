package io.infernet.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
    print(status, "");
    if (api.isEmpty()) {
      context.err().println("no node runs here: start one with `infernet serve`");
    }
    return 0;
  }

  /** A line for each value, named by its path. */
  private void print(ObjectNode object, String path) {
    for (var field : object.properties()) {
      String name = path + field.getKey();
      JsonNode value = field.getValue();
      if (value instanceof ObjectNode inner) {
        print(inner, name + " ");
      } else {
        String text = value.isTextual() ? value.asText() : value.toString();
        context.out().printf("%-11s %s%n", name, text);
      }
    }
  }
}
