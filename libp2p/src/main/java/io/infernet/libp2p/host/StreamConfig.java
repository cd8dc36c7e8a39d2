package io.infernet.libp2p.host;

import java.time.Duration;

/**
 * How many streams remote peers may open.
 *
 * @param negotiationTimeout longest time until a new stream's protocol is agreed, either side
 * @param maxNegotiating inbound streams of one connection whose protocol is not agreed yet
 * @param maxInboundPerConnection inbound streams open on one connection
 * @param maxInboundPerProtocol inbound streams of one protocol open on one connection
 * @param maxInbound inbound streams open on all connections together
 */
public record StreamConfig(
    Duration negotiationTimeout,
    int maxNegotiating,
    int maxInboundPerConnection,
    int maxInboundPerProtocol,
    int maxInbound) {

  public StreamConfig {
    Limits.requirePositive(negotiationTimeout, "negotiationTimeout");
    Limits.requirePositive(maxNegotiating, "maxNegotiating");
    Limits.requirePositive(maxInboundPerProtocol, "maxInboundPerProtocol");
    Limits.requireAtLeast(
        maxInboundPerConnection,
        maxInboundPerProtocol,
        "maxInboundPerConnection",
        "maxInboundPerProtocol");
    Limits.requireAtLeast(
        maxInbound, maxInboundPerConnection, "maxInbound", "maxInboundPerConnection");
  }

  public static StreamConfig defaults() {
    return new StreamConfig(Duration.ofSeconds(10), 256, 1024, 512, 32_768);
  }
}
