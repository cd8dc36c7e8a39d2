package io.infernet.node.job;

import static io.infernet.node.job.JobClientConfig.requirePositive;
import static java.util.Objects.requireNonNull;

import io.infernet.discovery.directory.PriceList;
import io.infernet.node.job.wire.JobLimits;
import java.time.Duration;

/**
 * What a provider accepts.
 *
 * @param limits size of messages
 * @param prices what it takes
 * @param requestTimeout from the opening of a stream to its request
 * @param maxDeadline how far away a job's deadline may be
 * @param sendTimeout how long a client may leave unread what was sent
 * @param ackTimeout from the result to the client's half of the receipt
 * @param busyRetryAfter when a refused client may ask again
 * @param maxStreams open streams, jobs and requests alike
 * @param maxStreamsPerPeer those of one peer
 * @param maxJobsPerPeer jobs of one peer at once
 * @param maxRequestsPerMinute requests of one peer
 * @param maxRememberedRequests requests that are known again when they are replayed
 * @param maxUnpaidTokens tokens under way that a client need not pay for when it stops an answer
 */
public record JobProviderConfig(
    JobLimits limits,
    PriceList prices,
    Duration requestTimeout,
    Duration maxDeadline,
    Duration sendTimeout,
    Duration ackTimeout,
    Duration busyRetryAfter,
    int maxStreams,
    int maxStreamsPerPeer,
    int maxJobsPerPeer,
    int maxRequestsPerMinute,
    int maxRememberedRequests,
    int maxUnpaidTokens) {

  public JobProviderConfig {
    requireNonNull(limits, "limits is null");
    requireNonNull(prices, "prices is null");
    requirePositive(requestTimeout, "requestTimeout");
    requirePositive(maxDeadline, "maxDeadline");
    requirePositive(sendTimeout, "sendTimeout");
    requirePositive(ackTimeout, "ackTimeout");
    requirePositive(busyRetryAfter, "busyRetryAfter");
    if (maxStreams < 1
        || maxStreamsPerPeer < 1
        || maxJobsPerPeer < 1
        || maxRequestsPerMinute < 1
        || maxRememberedRequests < 1
        || maxUnpaidTokens < 0) {
      throw new IllegalArgumentException("a limit of the provider is out of range");
    }
  }

  /** Free of charge. */
  public static JobProviderConfig defaults() {
    return new JobProviderConfig(
        JobLimits.defaults(),
        PriceList.free(),
        Duration.ofSeconds(10),
        Duration.ofHours(1),
        Duration.ofSeconds(20),
        Duration.ofSeconds(20),
        Duration.ofSeconds(1),
        256,
        64,
        32,
        1_200,
        10_000,
        256);
  }

  /** The same with other prices. */
  public JobProviderConfig withPrices(PriceList other) {
    return new JobProviderConfig(
        limits,
        other,
        requestTimeout,
        maxDeadline,
        sendTimeout,
        ackTimeout,
        busyRetryAfter,
        maxStreams,
        maxStreamsPerPeer,
        maxJobsPerPeer,
        maxRequestsPerMinute,
        maxRememberedRequests,
        maxUnpaidTokens);
  }
}
