package io.infernet.node.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.node.config.ResolvedSettings;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infernet config}. */
@Command(name = "config", description = "Shows the settings.", synopsisSubcommandLabel = "show")
final class ConfigCommand {

  private final CliContext context;
  private final GlobalOptions global;

  ConfigCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Command(name = "show", description = "Prints each setting with where its value came from.")
  int show(@Mixin JsonOption json) {
    ResolvedSettings settings = global.settings(Map.of());
    if (json.wanted()) {
      ArrayNode array = Json.array();
      for (ResolvedSettings.Entry<?> entry : settings.entries()) {
        ObjectNode object = array.addObject().put("key", entry.setting().key());
        // What TOML writes for a value is JSON too.
        object.set(
            "value",
            entry.setting().secret()
                ? object.textNode(entry.display())
                : Json.parse(entry.display()));
        object.put("source", entry.source().toString());
      }
      context.out().println(Json.line(array));
      return 0;
    }
    Table table = new Table("SETTING", "VALUE", "FROM");
    for (ResolvedSettings.Entry<?> entry : settings.entries()) {
      table.row(entry.setting().key(), entry.display(), entry.source().toString());
    }
    table.print(context.out());
    return 0;
  }
}
