package io.infernet.discovery.kad.record;

import java.time.Duration;

/**
 * How much a {@link RecordStore} keeps for others, and how long.
 *
 * @param maxProviders provider records in all
 * @param maxProvidersPerKey providers of one key
 * @param maxKeysPerProvider keys that one peer provides
 * @param providerLifetime how long a provider record holds after it was received
 * @param maxValueBytes of all values with their keys, each counted {@link #VALUE_OVERHEAD} longer
 * @param maxValueBytesPerSource the same of one source
 * @param valueLifetime how long a value holds after it was received
 */
public record RecordLimits(
    int maxProviders,
    int maxProvidersPerKey,
    int maxKeysPerProvider,
    Duration providerLifetime,
    long maxValueBytes,
    long maxValueBytesPerSource,
    Duration valueLifetime) {

  /** About what a value takes in memory beside its bytes. */
  public static final int VALUE_OVERHEAD = 300;

  public RecordLimits {
    if (maxProviders < 1
        || maxProvidersPerKey < 1
        || maxKeysPerProvider < 1
        || maxValueBytes < 1
        || maxValueBytesPerSource < 1) {
      throw new IllegalArgumentException("a limit of stored records is below 1");
    }
    requirePositive(providerLifetime);
    requirePositive(valueLifetime);
  }

  /**
   * The lifetimes are those of go-libp2p-kad-dht; it raised the specification's 24 hours for
   * providers so that one missed republication does no harm.
   */
  public static RecordLimits defaults() {
    return new RecordLimits(
        100_000, 512, 2_000, Duration.ofHours(48), 16L << 20, 1L << 20, Duration.ofHours(36));
  }

  private static void requirePositive(Duration lifetime) {
    if (lifetime.isNegative() || lifetime.isZero()) {
      throw new IllegalArgumentException("a record's lifetime is not positive: " + lifetime);
    }
  }
}
