package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;

/**
 * What a machine consists of, as far as inference cares.
 *
 * @param cpu the processor's model, empty when unknown
 * @param cores processors that the program may use; 0 when unknown
 * @param memoryBytes memory that the program may use; 0 when unknown
 * @param gpus by kind; none for a machine that computes on its processor alone
 */
public record HardwareFingerprint(String cpu, int cores, long memoryBytes, List<Gpu> gpus) {

  public HardwareFingerprint {
    requireNonNull(cpu, "cpu is null");
    gpus = List.copyOf(gpus);
    if (cores < 0 || memoryBytes < 0) {
      throw new IllegalArgumentException(
          "hardware out of range: " + cores + " cores, " + memoryBytes + " bytes");
    }
  }

  /** A machine that says nothing of itself. */
  public static HardwareFingerprint unknown() {
    return new HardwareFingerprint("", 0, 0, List.of());
  }

  /** The tier of the largest GPU; a machine without one has none. */
  public Optional<VramTier> tier() {
    return VramTier.of(gpus.stream().mapToLong(Gpu::memoryBytes).max().orElse(0));
  }
}
