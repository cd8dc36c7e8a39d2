package io.infernet.libp2p.host;

import java.time.Duration;

/**
 * How many streams remote peers may open, beside the muxer's own limit for each connection.
 *
 * @param negotiationTimeout longest time until a new stream's protocol is agreed, either side
 * @param maxNegotiating inbound streams of one connection whose protocol is not agreed yet
 * @param maxInboundPerProtocol inbound streams of one protocol open on one connection
 * @param maxInbound inbound streams open on all connections together
 * @param maxBufferedBytes received bytes that wait for their readers on all connections together; a
 *     stream that would exceed it is reset
 */
public record StreamConfig(
    Duration negotiationTimeout,
    int maxNegotiating,
    int maxInboundPerProtocol,
    int maxInbound,
    long maxBufferedBytes) {

  public StreamConfig {
    Limits.requirePositive(negotiationTimeout, "negotiationTimeout");
    Limits.requirePositive(maxNegotiating, "maxNegotiating");
    Limits.requirePositive(maxInboundPerProtocol, "maxInboundPerProtocol");
    Limits.requireAtLeast(maxInbound, maxInboundPerProtocol, "maxInbound", "maxInboundPerProtocol");
    Limits.requirePositive(maxBufferedBytes, "maxBufferedBytes");
  }

  public static StreamConfig defaults() {
    return new StreamConfig(Duration.ofSeconds(10), 256, 512, 32_768, 256L << 20);
  }
}
