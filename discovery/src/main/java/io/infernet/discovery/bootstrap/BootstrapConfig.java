package io.infernet.discovery.bootstrap;

import io.infernet.libp2p.peer.PeerInfo;
import java.util.List;

/**
 * Whom to connect to first.
 *
 * @param peers at most {@value #MAX_PEERS}
 */
public record BootstrapConfig(List<PeerInfo> peers) {

  public static final int MAX_PEERS = 256;

  public BootstrapConfig {
    peers = List.copyOf(peers);
    if (peers.size() > MAX_PEERS) {
      throw new IllegalArgumentException("more than " + MAX_PEERS + " bootstrap peers");
    }
  }
}
