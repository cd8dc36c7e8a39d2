package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a peer says of itself, at a moment.
 *
 * @param peer who
 * @param network in which network
 * @param sequence grows with every record of the same peer
 * @param timestamp when, by the peer's clock, in whole milliseconds
 * @param addresses where others reach it, without {@code /p2p}
 * @param capabilities what it can do
 */
public record CapabilityRecord(
    PeerId peer,
    NetworkName network,
    long sequence,
    Instant timestamp,
    List<Multiaddr> addresses,
    Capabilities capabilities) {

  /** The version of the record that this code knows. */
  public static final int VERSION = 1;

  public CapabilityRecord {
    requireNonNull(peer, "peer is null");
    requireNonNull(network, "network is null");
    requireNonNull(capabilities, "capabilities is null");
    if (sequence < 0) {
      throw new IllegalArgumentException("sequence is negative: " + sequence);
    }
    timestamp = Instant.ofEpochMilli(timestamp.toEpochMilli());
    addresses = List.copyOf(addresses);
  }

  /** The peer's offer of that model. */
  public Optional<ModelOffer> offer(Cid manifest) {
    return capabilities.models().stream()
        .filter(offer -> offer.manifest().equals(manifest))
        .findFirst();
  }
}
