package io.infernet.inference.engine;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;

/**
 * What the native library can do on this machine.
 *
 * @param version such as {@code 2.7.1}; empty when it does not load
 * @param folder where it lies; empty when it does not load
 * @param failure why it does not load
 * @param cudaBuild whether it was built for CUDA
 * @param gpus those that it has computed something on just now
 * @param gpuFailure what the first GPU that it cannot use says; empty where it can use all, or is
 *     built for none
 */
public record LibtorchReport(
    String version,
    String folder,
    Optional<String> failure,
    boolean cudaBuild,
    List<Device> gpus,
    Optional<String> gpuFailure) {

  public LibtorchReport {
    requireNonNull(version, "version is null");
    requireNonNull(folder, "folder is null");
    requireNonNull(failure, "failure is null");
    requireNonNull(gpuFailure, "gpuFailure is null");
    gpus = List.copyOf(gpus);
  }

  /** A library that does not load. */
  public static LibtorchReport failed(String why) {
    return new LibtorchReport("", "", Optional.of(why), false, List.of(), Optional.empty());
  }
}
