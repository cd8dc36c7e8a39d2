package io.infernet.discovery.kad.record;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Instant;

/**
 * That a peer provides something.
 *
 * @param key what is provided: the multihash of its CID
 * @param provider who, and where it said that it can be reached
 * @param received when it said so last, by this node's clock
 */
public record ProviderRecord(Multihash key, PeerInfo provider, Instant received) {

  public ProviderRecord {
    requireNonNull(key, "key is null");
    requireNonNull(provider, "provider is null");
    requireNonNull(received, "received is null");
  }
}
