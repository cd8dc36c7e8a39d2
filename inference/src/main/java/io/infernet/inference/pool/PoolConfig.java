package io.infernet.inference.pool;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * Limits of a {@link ModelPool}.
 *
 * @param maxModels in memory at once, whatever their size
 * @param maxQueued that wait to be loaded
 * @param maxWait how long one waits until others make room for it
 * @param keepAlive how long a model stays that nobody uses; zero for as long as nobody needs its
 *     room
 * @param retryPause until a pinned model that failed is loaded again; doubled each time
 * @param maxRetryPause the longest such pause, and the longest that a failed load is remembered
 */
public record PoolConfig(
    int maxModels,
    int maxQueued,
    Duration maxWait,
    Duration keepAlive,
    Duration retryPause,
    Duration maxRetryPause) {

  public PoolConfig {
    requireNonNull(maxWait, "maxWait is null");
    requireNonNull(keepAlive, "keepAlive is null");
    requireNonNull(retryPause, "retryPause is null");
    requireNonNull(maxRetryPause, "maxRetryPause is null");
    if (maxModels < 1 || maxQueued < 1) {
      throw new IllegalArgumentException("a pool for no models");
    }
    if (maxWait.isNegative()
        || keepAlive.isNegative()
        || retryPause.isNegative()
        || retryPause.isZero()
        || maxRetryPause.compareTo(retryPause) < 0) {
      throw new IllegalArgumentException("a time of the pool is out of range");
    }
  }

  /** 16 models, 16 that wait for up to a minute, no time limit, pauses from 1 s to 1 min. */
  public static PoolConfig defaults() {
    return new PoolConfig(
        16, 16, Duration.ofMinutes(1), Duration.ZERO, Duration.ofSeconds(1), Duration.ofMinutes(1));
  }

  public PoolConfig withMaxModels(int count) {
    return new PoolConfig(count, maxQueued, maxWait, keepAlive, retryPause, maxRetryPause);
  }

  public PoolConfig withKeepAlive(Duration time) {
    return new PoolConfig(maxModels, maxQueued, maxWait, time, retryPause, maxRetryPause);
  }
}
