package io.infernet.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.engine.remote.BackendModel;
import io.infernet.inference.engine.remote.BackendModelRepository;
import io.infernet.inference.engine.remote.Backends;
import io.infernet.inference.model.FolderModelRepository;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelRepository;
import io.infernet.libp2p.concurrent.ThreadScheduler;
import io.infernet.node.config.HomeSetup;
import io.infernet.node.config.NodeConfig;
import java.security.SecureRandom;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infernet list}. */
@Command(
    name = "list",
    description = "Shows the models that are installed here, and those of backends.")
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
    NodeConfig config = NodeConfig.of(global.home(), global.settings(Map.of()));
    ArrayNode models = Json.array();
    try (ThreadScheduler scheduler = new ThreadScheduler("timers");
        Backends backends = new Backends(config.backends(), scheduler)) {
      backends.lookOnce().join();
      ModelRepository own =
          new FolderModelRepository(global.home().modelsFolder(), CheckpointLimits.defaults());
      for (InstalledModel model : new BackendModelRepository(own, backends).list()) {
        ObjectNode object =
            models
                .addObject()
                .put("name", model.name().toString())
                .put("model_cid", model.manifest().cid().toString())
                .put("family", model.manifest().family())
                .put("stored_as", model.manifest().storedAs());
        if (model.manifest().isBackend()) {
          object.put(
              "context_length",
              backends.find(model.name()).map(BackendModel::contextLength).orElse(0));
          backends.whereabouts(model.name()).ifPresent(where -> object.put("backend", where));
        } else {
          object.put("task", model.manifest().task().toString());
          object.put("context_length", model.manifest().contextLength());
        }
        object.put("size", model.manifest().size());
      }
    }
    if (json.wanted()) {
      context.out().println(Json.line(models));
      return 0;
    }
    Table table = new Table("MODEL", "TASK", "SIZE", "STORED AS", "CONTEXT", "CID");
    for (JsonNode model : models) {
      table.row(
          model.path("name").asText(),
          model.path("task").asText("-"),
          model.has("backend") ? "-" : size(model.path("size").asLong()),
          model.path("backend").asText(model.path("stored_as").asText()),
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
