package io.infernet.node.cli;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.engine.remote.BackendConfig;
import io.infernet.inference.engine.remote.BackendStatus;
import io.infernet.inference.engine.remote.Backends;
import io.infernet.inference.model.FolderModelRepository;
import io.infernet.libp2p.concurrent.ThreadScheduler;
import io.infernet.node.ExitCode;
import io.infernet.node.assembly.InferenceAssembly;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.doctor.Doctor;
import io.infernet.node.doctor.Finding;
import io.infernet.node.doctor.Machine;
import io.infernet.node.doctor.ThisMachine;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infernet doctor}. */
@Command(
    name = "doctor",
    description = "Looks whether this machine can do the work, and says what to do when not.")
final class DoctorCommand implements Callable<Integer> {

  private final CliContext context;
  private final GlobalOptions global;

  @Mixin private JsonOption json = new JsonOption();

  DoctorCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Override
  public Integer call() {
    Logging.toConsole(global.debug() ? Level.DEBUG : Level.OFF);
    NodeConfig config = NodeConfig.of(global.home(), global.settings(Map.of()));
    List<Finding> findings =
        new Doctor(
                new ThisMachine(
                    InferenceAssembly.engineConfig(config),
                    () -> backends(config.backends()),
                    this::node),
                config,
                new FolderModelRepository(
                    global.home().modelsFolder(), CheckpointLimits.defaults()),
                InferenceAssembly.engineConfig(config).nativesFolder())
            .examine();
    boolean failed =
        findings.stream().anyMatch(finding -> finding.verdict() == Finding.Verdict.FAILED);
    if (json.wanted()) {
      ObjectNode object = Json.object().put("ok", !failed);
      ArrayNode checks = object.putArray("checks");
      for (Finding finding : findings) {
        ObjectNode check =
            checks
                .addObject()
                .put("check", finding.check())
                .put("verdict", finding.verdict().toString())
                .put("detail", finding.detail());
        if (!finding.mend().isEmpty()) {
          check.put("mend", finding.mend());
        }
      }
      context.out().println(Json.line(object));
    } else {
      for (Finding finding : findings) {
        context
            .out()
            .printf("%-8s %-16s %s%n", finding.verdict(), finding.check(), finding.detail());
        if (!finding.mend().isEmpty()) {
          context.out().printf("%-8s %-16s → %s%n", "", "", finding.mend());
        }
      }
    }
    return failed ? ExitCode.FAILED.value() : 0;
  }

  private static List<BackendStatus> backends(BackendConfig config) {
    try (ThreadScheduler scheduler = new ThreadScheduler("timers");
        Backends backends = new Backends(config, scheduler)) {
      backends.lookOnce().join();
      return backends.status();
    }
  }

  private Optional<Machine.RunningApi> node() {
    return LocalApi.find(global.home())
        .map(
            api -> {
              JsonNode status = api.get("/api/status");
              return new Machine.RunningApi(
                  api.node().api(),
                  status.path("peers").asInt(),
                  Optional.ofNullable(status.path("engine").path("trouble").textValue()));
            });
  }
}
