package io.infernet.discovery.bootstrap;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerInfo;
import java.time.Duration;
import java.util.List;

/**
 * Whom to connect to first.
 *
 * @param peers at most {@value #MAX_PEERS}
 * @param firstRetry after what time an unreachable peer is tried again; doubles each time
 * @param maxRetry the longest time between tries
 */
public record BootstrapConfig(List<PeerInfo> peers, Duration firstRetry, Duration maxRetry) {

  public static final int MAX_PEERS = 256;

  public BootstrapConfig {
    peers = List.copyOf(peers);
    requireNonNull(maxRetry, "maxRetry is null");
    if (peers.size() > MAX_PEERS) {
      throw new IllegalArgumentException("more than " + MAX_PEERS + " bootstrap peers");
    }
    if (firstRetry.isNegative() || firstRetry.isZero() || maxRetry.compareTo(firstRetry) < 0) {
      throw new IllegalArgumentException("0 < firstRetry ≤ maxRetry must hold");
    }
  }

  /** Tries again after one second, then ever more rarely, at last once a minute. */
  public static BootstrapConfig of(List<PeerInfo> peers) {
    return new BootstrapConfig(peers, Duration.ofSeconds(1), Duration.ofMinutes(1));
  }
}
