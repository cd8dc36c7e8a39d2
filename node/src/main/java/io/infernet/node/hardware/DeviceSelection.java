package io.infernet.node.hardware;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.DeviceChoice;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * Where models will compute.
 *
 * @param device chosen
 * @param problem what keeps a GPU from being used that was asked for or that is there, and what to
 *     do; empty when there is nothing to complain about
 */
public record DeviceSelection(Device device, Optional<String> problem) {

  public DeviceSelection {
    requireNonNull(device, "device is null");
    requireNonNull(problem, "problem is null");
  }

  /**
   * Chooses.
   *
   * @param required whether to complain where there is no GPU at all
   * @param free memory of a device; the card with most is taken
   */
  public static DeviceSelection of(
      DeviceChoice choice, boolean required, GpuState state, ToLongFunction<Device> free) {
    if (choice.equals(DeviceChoice.CPU)) {
      return new DeviceSelection(Device.CPU, Optional.empty());
    }
    if (state instanceof GpuState.Usable usable) {
      List<Device> allowed = usable.devices().stream().filter(choice::allows).toList();
      return allowed.isEmpty()
          ? onProcessor(
              "engine.device = \"%s\" is not there: choose one of %s"
                  .formatted(
                      choice,
                      usable.devices().stream()
                          .map(Device::toString)
                          .collect(Collectors.joining(", "))))
          : new DeviceSelection(
              allowed.size() == 1
                  ? allowed.get(0)
                  : allowed.stream().max(Comparator.comparingLong(free)).orElseThrow(),
              Optional.empty());
    }
    if (state instanceof GpuState.Unusable unusable) {
      return onProcessor(unusable.reason() + ": " + unusable.mend());
    }
    GpuState.Absent absent = (GpuState.Absent) state;
    return choice.wantsGpu() || required
        ? onProcessor(absent.reason() + ": " + absent.mend())
        : new DeviceSelection(Device.CPU, Optional.empty());
  }

  private static DeviceSelection onProcessor(String problem) {
    return new DeviceSelection(Device.CPU, Optional.of(problem));
  }
}
