package io.infernet.node.batch.file;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * Limits of the files of a batch.
 *
 * @param maxLineBytes longest line of the input; longer ones are refused, the rest runs
 * @param maxIdLength characters of an id
 * @param maxLines lines of the input that are not empty; while ids are compared, each takes up to
 *     32 bytes of memory
 * @param maxResultBytes longest result of one item, as JSON
 * @param bufferBytes what is read or written at once
 * @param syncBytes after so many bytes the output is forced to the disk
 * @param syncInterval after this time it is, too, when something is written
 * @param spillBytes a file of early results that is as large as this begins anew as soon as nothing
 *     in it is wanted any more
 */
public record BatchFileConfig(
    int maxLineBytes,
    int maxIdLength,
    int maxLines,
    int maxResultBytes,
    int bufferBytes,
    long syncBytes,
    Duration syncInterval,
    long spillBytes) {

  public BatchFileConfig {
    between(maxLineBytes, 1 << 10, 1 << 28, "maxLineBytes");
    between(maxIdLength, 16, 1 << 12, "maxIdLength");
    between(maxLines, 1, 100_000_000, "maxLines");
    between(maxResultBytes, 1 << 10, 1 << 28, "maxResultBytes");
    between(bufferBytes, 1 << 10, 1 << 24, "bufferBytes");
    between(syncBytes, 1, 1L << 40, "syncBytes");
    between(spillBytes, 1, 1L << 40, "spillBytes");
    requireNonNull(syncInterval, "syncInterval is null");
    if (syncInterval.isNegative() || syncInterval.isZero()) {
      throw new IllegalArgumentException("syncInterval must be above 0: " + syncInterval);
    }
  }

  private static void between(long value, long min, long max, String name) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          name + " must be from " + min + " to " + max + ": " + value);
    }
  }

  /** Lines of 8 MiB, ten million of them; to the disk every 16 MiB or 5 s. */
  public static BatchFileConfig defaults() {
    return new BatchFileConfig(
        8 << 20, 512, 10_000_000, 32 << 20, 256 << 10, 16 << 20, Duration.ofSeconds(5), 64 << 20);
  }
}
