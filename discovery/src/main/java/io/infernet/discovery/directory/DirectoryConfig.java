package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * How the directory is kept.
 *
 * @param limits size of messages
 * @param refreshInterval how often each connected peer is asked; varied by up to a fifth each way
 * @param queryTimeout how long an answer may take
 * @param recordLifetime how long a record counts, from its timestamp
 * @param maxFuture how far a record's clock may be ahead
 * @param ownRecordAge after what time the own record is made anew
 * @param announceInterval shortest time between announcements of changes
 * @param maxTable records that are kept
 * @param maxPerSource records that one peer may contribute about others
 * @param maxAsksPerMinute queries and announcements that are served to one peer
 */
public record DirectoryConfig(
    DirectoryLimits limits,
    Duration refreshInterval,
    Duration queryTimeout,
    Duration recordLifetime,
    Duration maxFuture,
    Duration ownRecordAge,
    Duration announceInterval,
    int maxTable,
    int maxPerSource,
    int maxAsksPerMinute) {

  public DirectoryConfig {
    requireNonNull(limits, "limits is null");
    requirePositive(refreshInterval, "refreshInterval");
    requirePositive(queryTimeout, "queryTimeout");
    requirePositive(recordLifetime, "recordLifetime");
    requirePositive(maxFuture, "maxFuture");
    requirePositive(ownRecordAge, "ownRecordAge");
    requirePositive(announceInterval, "announceInterval");
    if (ownRecordAge.compareTo(recordLifetime) >= 0) {
      throw new IllegalArgumentException("ownRecordAge must be below recordLifetime");
    }
    if (maxTable < 1 || maxPerSource < 1 || maxAsksPerMinute < 1) {
      throw new IllegalArgumentException("a limit of the directory is below 1");
    }
  }

  private static void requirePositive(Duration value, String name) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " must be above 0: " + value);
    }
  }

  /** Records count for 90 s and are asked for every 25 s. */
  public static DirectoryConfig defaults() {
    return new DirectoryConfig(
        DirectoryLimits.defaults(),
        Duration.ofSeconds(25),
        Duration.ofSeconds(5),
        Duration.ofSeconds(90),
        Duration.ofSeconds(30),
        Duration.ofSeconds(30),
        Duration.ofSeconds(2),
        4_096,
        64,
        120);
  }
}
