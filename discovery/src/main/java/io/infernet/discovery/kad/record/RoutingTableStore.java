package io.infernet.discovery.kad.record;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerInfo;
import java.time.Instant;
import java.util.List;

/**
 * Where the routing table is kept while the node is down, so that it rejoins without its bootstrap
 * peers. Called by one thread at a time; no call waits for a disk.
 */
public interface RoutingTableStore {

  /** Most peers that are kept. */
  int MAX_PEERS = 2_000;

  /**
   * A peer of the table.
   *
   * @param lastUseful when it last answered
   */
  record SavedPeer(PeerInfo peer, Instant lastUseful) {
    public SavedPeer {
      requireNonNull(peer, "peer is null");
      requireNonNull(lastUseful, "lastUseful is null");
    }
  }

  /** What was saved last, the most recently useful first. */
  List<SavedPeer> load();

  /** Replaces what was saved; of more than {@link #MAX_PEERS} the most recently useful are kept. */
  void save(List<SavedPeer> peers);
}
