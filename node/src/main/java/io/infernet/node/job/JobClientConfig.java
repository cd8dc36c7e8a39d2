package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import io.infernet.node.job.wire.JobLimits;
import java.time.Duration;

/**
 * How long a client waits for a provider. The whole job has its own deadline besides.
 *
 * @param limits size of messages
 * @param connectTimeout for a stream to the provider
 * @param quoteTimeout from the request to its quote or refusal
 * @param firstTokenTimeout from the quote to the first token, when the model is warm there
 * @param coldFirstTokenTimeout the same when the model has to be loaded first
 * @param interTokenTimeout from each token to the next, and from the last one to the result
 * @param closeTimeout from the receipt to the end of the stream
 */
public record JobClientConfig(
    JobLimits limits,
    Duration connectTimeout,
    Duration quoteTimeout,
    Duration firstTokenTimeout,
    Duration coldFirstTokenTimeout,
    Duration interTokenTimeout,
    Duration closeTimeout) {

  public JobClientConfig {
    requireNonNull(limits, "limits is null");
    requirePositive(connectTimeout, "connectTimeout");
    requirePositive(quoteTimeout, "quoteTimeout");
    requirePositive(firstTokenTimeout, "firstTokenTimeout");
    requirePositive(coldFirstTokenTimeout, "coldFirstTokenTimeout");
    requirePositive(interTokenTimeout, "interTokenTimeout");
    requirePositive(closeTimeout, "closeTimeout");
  }

  static void requirePositive(Duration value, String name) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " must be above 0: " + value);
    }
  }

  public static JobClientConfig defaults() {
    return new JobClientConfig(
        JobLimits.defaults(),
        Duration.ofSeconds(5),
        Duration.ofSeconds(5),
        Duration.ofSeconds(15),
        Duration.ofSeconds(90),
        Duration.ofSeconds(10),
        Duration.ofSeconds(10));
  }
}
