package io.infernet.node.storage;

import io.infernet.libp2p.peer.PeerInfo;
import java.time.Instant;
import java.util.List;

/**
 * Peers that were connected, so that a restarted node finds the network again. The least recently
 * seen are dropped beyond a limit. Safe from any thread; calls may wait for the disk.
 */
public interface PeerBook {

  /** Most peers that are remembered. */
  int MAX_PEERS = 1_000;

  /** Remembers where a peer was reached; replaces what was known before. */
  void put(PeerInfo peer, Instant lastSeen);

  /** At most {@code limit} peers, those seen last first. */
  List<PeerInfo> newest(int limit);
}
