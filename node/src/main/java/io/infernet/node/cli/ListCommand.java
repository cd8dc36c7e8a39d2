package io.infernet.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.model.FolderModelRepository;
import io.infernet.inference.model.InstalledModel;
import io.infernet.node.config.HomeSetup;
import java.security.SecureRandom;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infernet list}. */
@Command(name = "list", description = "Shows the models that are installed here.")
final class ListCommand implements Callable<Integer> {

  private final CliContext context;
  private final GlobalOptions global;

  @Mixin private JsonOption json = new JsonOption();

  ListCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Override
  public Integer call() {
    HomeSetup.ensure(global.home(), new SecureRandom(), global::warn);
    ArrayNode models = Json.array();
    for (InstalledModel model :
        new FolderModelRepository(global.home().modelsFolder(), CheckpointLimits.defaults())
            .list()) {
      models
          .addObject()
          .put("name", model.name().toString())
          .put("task", model.manifest().task().toString())
          .put("model_cid", model.manifest().cid().toString())
          .put("family", model.manifest().family())
          .put("stored_as", model.manifest().storedAs())
          .put("context_length", model.manifest().contextLength())
          .put("size", model.manifest().size());
    }
    if (json.wanted()) {
      context.out().println(Json.line(models));
      return 0;
    }
    Table table = new Table("MODEL", "TASK", "SIZE", "STORED AS", "CONTEXT", "CID");
    for (JsonNode model : models) {
      table.row(
          model.path("name").asText(),
          model.path("task").asText(),
          size(model.path("size").asLong()),
          model.path("stored_as").asText(),
          model.path("context_length").asText(),
          model.path("model_cid").asText());
    }
    table.print(context.out());
    return 0;
  }

  /** Bytes in the unit that fits. */
  static String size(long bytes) {
    if (bytes >= 1_000_000_000) {
      return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }
    return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }
}
