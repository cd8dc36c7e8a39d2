package io.infernet.discovery.gossip.score;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.MultiaddrProtocol;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What one host or customer has: an IPv4 address, or the /64 of an IPv6 address.
 *
 * @param version 4 or 6
 * @param bits the address of IPv4, the first half of that of IPv6
 * @param exempt loopback, link-local or private
 */
record IpNetwork(int version, long bits, boolean exempt) {

  /** Empty where the address is a name or that of a relay. */
  static Optional<IpNetwork> of(Multiaddr address) {
    if (address.has(MultiaddrProtocol.P2P_CIRCUIT)) {
      return Optional.empty();
    }
    return address.ip().map(ip -> of(ip, address));
  }

  private static IpNetwork of(InetAddress ip, Multiaddr address) {
    ByteBuffer bytes = ByteBuffer.wrap(ip.getAddress());
    boolean exempt =
        switch (address.scope()) {
          case LOOPBACK, LINK_LOCAL, PRIVATE -> true;
          case UNSPECIFIED, RESERVED, PUBLIC, NAME -> false;
        };
    return bytes.remaining() == 4
        ? new IpNetwork(4, bytes.getInt(), exempt)
        : new IpNetwork(6, bytes.getLong(), exempt);
  }
}
