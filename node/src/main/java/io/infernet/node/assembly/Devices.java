package io.infernet.node.assembly;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.DeviceChoice;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.engine.LibtorchReport;
import io.infernet.inference.engine.djl.LibtorchProbe;
import io.infernet.inference.pool.Room;
import io.infernet.inference.pool.SharedRoom;
import io.infernet.inference.pool.SystemMemory;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.hardware.DeviceSelection;
import io.infernet.node.hardware.GpuDiagnosis;
import io.infernet.node.hardware.GpuMemory;
import io.infernet.node.hardware.GpuState;
import io.infernet.node.hardware.Hardware;
import io.infernet.node.hardware.HardwareProbe;
import io.infernet.node.hardware.ProcessCommandRunner;
import io.infernet.node.hardware.Surroundings;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The device of this node's models: looks once, when somebody asks first, and remembers. Where no
 * GPU can be, the native library is not loaded to find that out. Safe from any thread; the first
 * call takes as long as the vendors' tools and the library do.
 */
public final class Devices implements Supplier<Device>, Room {

  /** More than any card has: where nobody says how much there is, loading will tell. */
  private static final long UNKNOWN = 1L << 50;

  private final DeviceChoice choice;
  private final boolean required;
  private final long budget;
  private final HardwareProbe probe;
  private final Supplier<LibtorchReport> libtorch;
  private final Surroundings around;
  private final SystemMemory memory;
  private final GpuMemory gpuMemory;
  private final Consumer<String> warnings;

  private @Nullable Chosen chosen;

  private record Chosen(DeviceSelection selection, Room room) {}

  /**
   * @param choice what was asked for
   * @param required whether a GPU or nothing is wanted
   * @param budget bytes that models may take; 0 for most of what there is
   * @param libtorch looks what the native library can do
   * @param warnings told in one line, once, when a GPU is not used that could be meant
   */
  public Devices(
      DeviceChoice choice,
      boolean required,
      long budget,
      HardwareProbe probe,
      Supplier<LibtorchReport> libtorch,
      Surroundings around,
      SystemMemory memory,
      GpuMemory gpuMemory,
      Consumer<String> warnings) {
    this.choice = requireNonNull(choice, "choice is null");
    this.required = required;
    this.budget = budget;
    this.probe = requireNonNull(probe, "probe is null");
    this.libtorch = requireNonNull(libtorch, "libtorch is null");
    this.around = requireNonNull(around, "around is null");
    this.memory = requireNonNull(memory, "memory is null");
    this.gpuMemory = requireNonNull(gpuMemory, "gpuMemory is null");
    this.warnings = requireNonNull(warnings, "warnings is null");
  }

  /** Those of this machine. */
  public static Devices ofMachine(NodeConfig config, Consumer<String> warnings) {
    return ofMachine(config, HardwareProbe.system(), warnings);
  }

  static Devices ofMachine(NodeConfig config, HardwareProbe probe, Consumer<String> warnings) {
    EngineConfig engine = InferenceAssembly.engineConfig(config);
    Surroundings around = Surroundings.ofProcess();
    return new Devices(
        engine.device(),
        config.engine().requireGpu(),
        engine.memory().budget(),
        probe,
        () -> LibtorchProbe.look(engine),
        around,
        SystemMemory.ofMachine(),
        new GpuMemory(ProcessCommandRunner.usual(), around.environment()),
        warnings);
  }

  @Override
  public Device get() {
    return chosen().selection.device();
  }

  /**
   * Looks now, when a GPU is required.
   *
   * @throws InfernetException when none can be used, and why
   */
  public void check() {
    if (!required) {
      return;
    }
    DeviceSelection selection = chosen().selection;
    if (!selection.device().isGpu()) {
      throw new InfernetException(
          "no GPU can be used: "
              + selection
                  .problem()
                  .orElse(
                      "engine.device = \"%s\" asks for the processor: leave that out"
                          .formatted(choice)));
    }
  }

  private synchronized Chosen chosen() {
    Chosen known = chosen;
    if (known == null) {
      DeviceSelection selection =
          DeviceSelection.of(
              choice,
              required,
              state(),
              device -> gpuMemory.read(device).map(SystemMemory.Reading::available).orElse(0L));
      // Who requires one is told by the error.
      if (!required) {
        selection
            .problem()
            .ifPresent(
                problem ->
                    warnings.accept("models run on the processor, not on a GPU: " + problem));
      }
      known = new Chosen(selection, room(selection.device()));
      chosen = known;
    }
    return known;
  }

  private GpuState state() {
    LibtorchReport unseen = LibtorchReport.failed("it was not looked at");
    if (choice.equals(DeviceChoice.CPU)) {
      return GpuDiagnosis.of(Hardware.unknown(), unseen, around);
    }
    Hardware hardware = probe.hardware();
    boolean sign = !hardware.fingerprint().gpus().isEmpty() || !hardware.problems().isEmpty();
    return GpuDiagnosis.of(
        hardware, sign || choice.wantsGpu() || required ? libtorch.get() : unseen, around);
  }

  private Room room(Device device) {
    return switch (device.kind()) {
      case CPU -> new SharedRoom("this machine", budget, memory::read);
      case MPS -> new SharedRoom("the GPU", budget, memory::read);
      case CUDA ->
          new SharedRoom(
              "the card",
              budget,
              () -> gpuMemory.read(device).orElse(new SystemMemory.Reading(UNKNOWN, UNKNOWN)));
    };
  }

  @Override
  public String name() {
    return chosen().room.name();
  }

  @Override
  public long capacity() {
    return chosen().room.capacity();
  }

  @Override
  public long free() {
    return chosen().room.free();
  }
}
