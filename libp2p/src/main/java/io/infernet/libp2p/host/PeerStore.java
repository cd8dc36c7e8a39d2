package io.infernet.libp2p.host;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** What this node remembers of other peers; bounded in peers and in addresses per peer. */
public interface PeerStore {

  /** Adds addresses, most useful first; the oldest beyond the limit are dropped. */
  void addAddresses(PeerId peer, Collection<Multiaddr> addresses);

  List<Multiaddr> addresses(PeerId peer);

  /** What the peer said of itself through identify. */
  Optional<PeerMetadata> metadata(PeerId peer);

  void setMetadata(PeerId peer, PeerMetadata metadata);

  /** A peer's own words, taken with a grain of salt. */
  record PeerMetadata(String agentVersion, String protocolVersion, List<ProtocolId> protocols) {
    public PeerMetadata {
      protocols = List.copyOf(protocols);
    }
  }
}
