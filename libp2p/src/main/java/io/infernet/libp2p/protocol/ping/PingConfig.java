package io.infernet.libp2p.protocol.ping;

import io.infernet.libp2p.host.Limits;
import java.time.Duration;

/**
 * Limits of ping.
 *
 * @param timeout longest wait for an answer
 * @param maxInboundPerPeer streams that one peer may ping on at once
 */
public record PingConfig(Duration timeout, int maxInboundPerPeer) {

  public PingConfig {
    Limits.requirePositive(timeout, "timeout");
    Limits.requirePositive(maxInboundPerPeer, "maxInboundPerPeer");
  }

  public static PingConfig defaults() {
    // Two streams a peer: libp2p ping specification.
    return new PingConfig(Duration.ofSeconds(10), 2);
  }
}
