package io.infernet.node.batch.schedule;

import static java.util.Objects.requireNonNull;

import io.infernet.discovery.directory.PriceList;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.Optional;

/**
 * A provider that bid for a batch, or that the directory knows: what it says and what is known of
 * it.
 *
 * @param operator who it is
 * @param prices what it takes for a shard
 * @param startsAt when it can begin, in nanoseconds of the ticker
 * @param tokensPerSecond how fast it is taken to do one shard ({@link Throughput}): positive
 * @param reputation from 0 to 1
 * @param latency how fast it answered before
 * @param capacity what it takes
 */
public record Candidate(
    Operator operator,
    PriceList prices,
    long startsAt,
    double tokensPerSecond,
    double reputation,
    Optional<Duration> latency,
    Capacity capacity) {

  public Candidate {
    requireNonNull(operator, "operator is null");
    requireNonNull(prices, "prices is null");
    requireNonNull(latency, "latency is null");
    requireNonNull(capacity, "capacity is null");
    if (!(tokensPerSecond > 0 && tokensPerSecond < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("tokensPerSecond out of range: " + tokensPerSecond);
    }
    if (!(reputation >= 0 && reputation <= 1)) {
      throw new IllegalArgumentException("reputation out of range: " + reputation);
    }
  }

  public PeerId peer() {
    return operator.peer();
  }
}
