package io.infernet.node.cli;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.discovery.directory.Gpu;
import io.infernet.discovery.directory.HardwareFingerprint;
import io.infernet.discovery.directory.VramTier;
import io.infernet.node.hardware.Hardware;
import io.infernet.node.hardware.HardwareProbe;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infernet gpus}. */
@Command(
    name = "gpus",
    description = "Shows this machine's GPUs and what else it has for running models.")
final class GpusCommand implements Callable<Integer> {

  private final CliContext context;
  private final GlobalOptions global;
  private final HardwareProbe probe;

  @Mixin private JsonOption json = new JsonOption();

  GpusCommand(CliContext context, GlobalOptions global, HardwareProbe probe) {
    this.context = context;
    this.global = global;
    this.probe = probe;
  }

  @Override
  public Integer call() {
    Logging.toConsole(global.debug() ? Level.DEBUG : Level.ERROR);
    Hardware hardware = probe.hardware();
    if (json.wanted()) {
      context.out().println(Json.line(write(hardware)));
      return 0;
    }
    HardwareFingerprint machine = hardware.fingerprint();
    if (!machine.gpus().isEmpty()) {
      Table table = new Table("GPU", "COUNT", "MEMORY", "DRIVER");
      for (Gpu gpu : machine.gpus()) {
        table.row(
            gpu.model(),
            Integer.toString(gpu.count()),
            gpu.memoryBytes() == 0 ? "unknown" : ListCommand.size(gpu.memoryBytes()),
            gpu.driver().isEmpty() ? "unknown" : gpu.driver());
      }
      table.print(context.out());
      context.out().println();
    }
    context.out().printf("%-10s %s%n", "tier", tier(machine));
    context
        .out()
        .printf(
            "%-10s %s, %d cores%n",
            "processor", machine.cpu().isEmpty() ? "unknown" : machine.cpu(), machine.cores());
    context.out().printf("%-10s %s%n", "memory", ListCommand.size(machine.memoryBytes()));
    if (machine.gpus().isEmpty() && hardware.problems().isEmpty()) {
      context.err().println("no GPU is plugged in; models run on the processor");
    }
    hardware.problems().forEach(context.err()::println);
    return 0;
  }

  private static String tier(HardwareFingerprint machine) {
    return machine.tier().map(VramTier::toString).orElse("none");
  }

  private static ObjectNode write(Hardware hardware) {
    HardwareFingerprint machine = hardware.fingerprint();
    ObjectNode object =
        Json.object()
            .put("tier", tier(machine))
            .put("cpu", machine.cpu())
            .put("cores", machine.cores())
            .put("memory", machine.memoryBytes());
    ArrayNode gpus = object.putArray("gpus");
    for (Gpu gpu : machine.gpus()) {
      gpus.addObject()
          .put("vendor", gpu.vendor().toString())
          .put("model", gpu.model())
          .put("memory", gpu.memoryBytes())
          .put("driver", gpu.driver())
          .put("count", gpu.count());
    }
    ArrayNode problems = object.putArray("problems");
    hardware.problems().forEach(problems::add);
    return object;
  }
}
