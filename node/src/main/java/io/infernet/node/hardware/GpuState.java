package io.infernet.node.hardware;

import io.infernet.inference.engine.Device;
import java.util.List;

/** Whether models can be computed on a GPU here. */
public sealed interface GpuState {

  /**
   * They can.
   *
   * @param devices not empty
   */
  record Usable(List<Device> devices) implements GpuState {
    public Usable {
      devices = List.copyOf(devices);
    }
  }

  /**
   * There is none that could be used.
   *
   * @param reason one clause
   * @param mend what to do
   */
  record Absent(String reason, String mend) implements GpuState {}

  /**
   * There is one, and something keeps it from being used.
   *
   * @param reason one clause
   * @param mend what to do
   */
  record Unusable(String reason, String mend) implements GpuState {}
}
