package io.infernet.libp2p.peer;

import io.infernet.libp2p.multiformats.Multiaddr;
import java.util.List;
import java.util.Objects;

/**
 * A peer and where it can be reached.
 *
 * @param addresses without {@code /p2p} at the end, best first
 */
public record PeerInfo(PeerId id, List<Multiaddr> addresses) {

  public PeerInfo {
    Objects.requireNonNull(id, "id is null");
    addresses = List.copyOf(addresses);
  }

  /**
   * Reads one address that ends in the peer's id, such as {@code /ip4/192.0.2.1/tcp/4001/p2p/Qm…};
   * {@code /p2p/Qm…} alone names a peer without addresses.
   *
   * @throws IllegalArgumentException with a message for the user when it is no such address
   */
  public static PeerInfo parse(String text) {
    return of(Multiaddr.parse(text));
  }

  /**
   * @throws IllegalArgumentException when the address does not end in a peer's id
   */
  public static PeerInfo of(Multiaddr address) {
    PeerId id =
        address
            .peerId()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "\"" + address + "\" does not say whose address it is: end it in /p2p/ID"));
    Multiaddr rest = address.withoutPeer();
    return new PeerInfo(id, rest.isEmpty() ? List.of() : List.of(rest));
  }
}
