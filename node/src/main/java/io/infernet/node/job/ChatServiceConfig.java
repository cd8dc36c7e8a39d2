package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * What holds for requests that do not say otherwise, and how many there may be.
 *
 * @param defaultMaxTokens length of an answer, cut to what the context leaves
 * @param defaultDeadline how long an answer may take
 * @param maxDeadline the longest that may be asked for
 * @param defaultMaxPrice the most to pay, in millionths of the currency's unit
 * @param maxJobs answers that may be under way at once
 * @param maxTokenizers tokenizers kept in memory, the least recently used dropped first
 * @param maxAttempts how many times providers are asked for one answer
 * @param retryPause before a provider that broke is asked again, when there is no other
 * @param directoryTimeout how long to ask connected peers who serves a model of which no provider
 *     is known
 */
public record ChatServiceConfig(
    int defaultMaxTokens,
    Duration defaultDeadline,
    Duration maxDeadline,
    long defaultMaxPrice,
    int maxJobs,
    int maxTokenizers,
    int maxAttempts,
    Duration retryPause,
    Duration directoryTimeout) {

  public ChatServiceConfig {
    requireNonNull(defaultDeadline, "defaultDeadline is null");
    requireNonNull(maxDeadline, "maxDeadline is null");
    JobClientConfig.requirePositive(retryPause, "retryPause");
    JobClientConfig.requirePositive(directoryTimeout, "directoryTimeout");
    if (defaultMaxTokens < 1 || maxJobs < 1 || maxTokenizers < 1 || maxAttempts < 1) {
      throw new IllegalArgumentException(
          "defaultMaxTokens, maxJobs, maxTokenizers and maxAttempts must be above 0");
    }
    if (defaultDeadline.isNegative()
        || defaultDeadline.isZero()
        || maxDeadline.compareTo(defaultDeadline) < 0) {
      throw new IllegalArgumentException("0 < defaultDeadline ≤ maxDeadline must hold");
    }
    if (defaultMaxPrice < 0) {
      throw new IllegalArgumentException("defaultMaxPrice is negative: " + defaultMaxPrice);
    }
  }

  /** Only free answers of up to 256 tokens within five minutes. */
  public static ChatServiceConfig defaults() {
    return new ChatServiceConfig(
        256,
        Duration.ofMinutes(5),
        Duration.ofMinutes(50),
        0,
        256,
        4,
        16,
        Duration.ofSeconds(6),
        Duration.ofSeconds(2));
  }
}
