package io.infernet.discovery.directory;

import java.util.Locale;
import java.util.Optional;

/**
 * How much memory the largest GPU of a machine has, in gigabytes of 10⁹ bytes: a card that is sold
 * as one of 8 GB reports a little less or more than 8 GiB, and belongs to those of 8 GB.
 */
public enum VramTier {
  /** Below 4 GB. */
  NANO(0),
  SMALL(4),
  MEDIUM(8),
  LARGE(16),
  XL(32),
  XXL(80);

  private static final long GIGABYTE = 1_000_000_000L;

  private final long minBytes;

  VramTier(int minGigabytes) {
    minBytes = minGigabytes * GIGABYTE;
  }

  /** The tier of a GPU with so much memory; empty for none. */
  public static Optional<VramTier> of(long bytes) {
    Optional<VramTier> tier = Optional.empty();
    for (VramTier candidate : values()) {
      if (bytes > 0 && bytes >= candidate.minBytes) {
        tier = Optional.of(candidate);
      }
    }
    return tier;
  }

  /** The tier that prints as {@code text}, if there is one. */
  public static Optional<VramTier> parse(String text) {
    for (VramTier tier : values()) {
      if (tier.toString().equals(text)) {
        return Optional.of(tier);
      }
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
