package io.infernet.libp2p.host;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.SignedPeerRecord;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** What this node remembers of other peers; bounded in peers and in addresses per peer. */
public interface PeerStore {

  /** Adds addresses, most useful first; the oldest beyond the limit are dropped. */
  void addAddresses(PeerId peer, Collection<Multiaddr> addresses);

  /** Those that the peer's signed record names come first. */
  List<Multiaddr> addresses(PeerId peer);

  /**
   * Remembers what a peer signed of its addresses, unless it is older than what is known: then
   * addresses that only the record before had are forgotten. Does not add the record's addresses;
   * whoever has it knows which of them can be dialled from here.
   *
   * @return whether the record is now the one known
   */
  boolean addSignedRecord(SignedPeerRecord record);

  /** The newest record that the peer signed, to pass on. */
  Optional<SignedPeerRecord> signedRecord(PeerId peer);

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
