package io.infernet.inference.engine;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which device a user wants. An immutable value; {@link #parse} and {@link #toString} round-trip.
 *
 * @param kind empty for the best there is
 * @param index which card; empty for any
 */
public record DeviceChoice(Optional<Device.Kind> kind, OptionalInt index) {

  /** A GPU where one can be used, else the processor. */
  public static final DeviceChoice AUTO = of(null);

  /** The processor, whatever else there is. */
  public static final DeviceChoice CPU = of(Device.Kind.CPU);

  private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");

  public DeviceChoice {
    requireNonNull(kind, "kind is null");
    requireNonNull(index, "index is null");
    if (index.isPresent()
        && (!kind.equals(Optional.of(Device.Kind.CUDA)) || index.getAsInt() > Device.MAX_INDEX)) {
      throw new IllegalArgumentException("no such device: " + kind + " " + index);
    }
  }

  private static DeviceChoice of(Device.@Nullable Kind kind) {
    return new DeviceChoice(Optional.ofNullable(kind), OptionalInt.empty());
  }

  /**
   * Reads {@code auto}, {@code cpu}, {@code cuda}, {@code cuda:N} or {@code mps}.
   *
   * @throws IllegalArgumentException for anything else
   */
  public static DeviceChoice parse(String text) {
    Matcher cuda = CUDA.matcher(text);
    if (cuda.matches()) {
      return new DeviceChoice(
          Optional.of(Device.Kind.CUDA),
          cuda.group(1) == null
              ? OptionalInt.empty()
              : OptionalInt.of(Integer.parseInt(cuda.group(1))));
    }
    return switch (text) {
      case "auto" -> AUTO;
      case "cpu" -> CPU;
      case "mps" -> of(Device.Kind.MPS);
      default -> throw new IllegalArgumentException("not a device: " + text);
    };
  }

  /** Whether a GPU was asked for by name. */
  public boolean wantsGpu() {
    return kind.isPresent() && kind.get() != Device.Kind.CPU;
  }

  /** Whether {@code device} is what was asked for. */
  public boolean allows(Device device) {
    return kind.map(k -> k == device.kind()).orElse(true)
        && (index.isEmpty() || index.getAsInt() == device.index());
  }

  @Override
  public String toString() {
    if (kind.isEmpty()) {
      return "auto";
    }
    return switch (kind.get()) {
      case CPU -> "cpu";
      case CUDA -> index.isPresent() ? "cuda:" + index.getAsInt() : "cuda";
      case MPS -> "mps";
    };
  }
}
