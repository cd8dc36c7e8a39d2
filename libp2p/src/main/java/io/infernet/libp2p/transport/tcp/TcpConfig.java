package io.infernet.libp2p.transport.tcp;

import io.infernet.libp2p.host.Limits;

/**
 * Limits of TCP connections.
 *
 * @param backlog connections that the kernel keeps until they are accepted
 * @param maxInbound accepted connections open at once
 * @param maxInboundPerIp accepted connections open at once from one IPv4 address or one IPv6 /64
 * @param maxHalfOpen accepted connections that have not finished their handshake
 * @param maxHalfOpenPerIp the same from one IPv4 address or one IPv6 /64
 * @param writeLowWater bytes waiting for the socket below which a connection takes more
 * @param writeHighWater bytes waiting for the socket at which a connection takes no more
 * @param maxRead bytes read from a socket at once; reads grow to it only while a lot arrives
 */
public record TcpConfig(
    int backlog,
    int maxInbound,
    int maxInboundPerIp,
    int maxHalfOpen,
    int maxHalfOpenPerIp,
    int writeLowWater,
    int writeHighWater,
    int maxRead) {

  public TcpConfig {
    Limits.requirePositive(backlog, "backlog");
    Limits.requirePositive(maxInboundPerIp, "maxInboundPerIp");
    Limits.requireAtLeast(maxInbound, maxInboundPerIp, "maxInbound", "maxInboundPerIp");
    Limits.requirePositive(maxHalfOpenPerIp, "maxHalfOpenPerIp");
    Limits.requireAtLeast(maxHalfOpen, maxHalfOpenPerIp, "maxHalfOpen", "maxHalfOpenPerIp");
    Limits.requirePositive(writeLowWater, "writeLowWater");
    Limits.requireAtLeast(writeHighWater, writeLowWater, "writeHighWater", "writeLowWater");
    Limits.requireAtLeast(maxRead, 1024, "maxRead", "one KiB");
  }

  public static TcpConfig defaults() {
    return new TcpConfig(1024, 2048, 128, 256, 32, 128 * 1024, 512 * 1024, 512 * 1024);
  }
}
