package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import java.util.Locale;

/**
 * Graphics processors of one kind in one machine.
 *
 * @param vendor who made them
 * @param model what the driver calls them
 * @param memoryBytes memory of each; 0 when the driver does not say; that of the whole machine
 *     where processor and GPU share it
 * @param driver the driver's version, empty when unknown
 * @param count how many there are
 */
public record Gpu(Vendor vendor, String model, long memoryBytes, String driver, int count) {

  /** Most of one kind in one machine. */
  public static final int MAX_COUNT = 1_024;

  /** Who makes GPUs. */
  public enum Vendor {
    NVIDIA,
    AMD,
    APPLE,
    INTEL,
    OTHER;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public Gpu {
    requireNonNull(vendor, "vendor is null");
    requireNonNull(model, "model is null");
    requireNonNull(driver, "driver is null");
    if (memoryBytes < 0 || count < 1 || count > MAX_COUNT) {
      throw new IllegalArgumentException(
          "GPU out of range: " + count + " with " + memoryBytes + " bytes each");
    }
  }
}
