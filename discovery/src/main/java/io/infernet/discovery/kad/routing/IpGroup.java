package io.infernet.discovery.kad.routing;

import io.infernet.libp2p.multiformats.AddressScope;
import io.infernet.libp2p.multiformats.Multiaddr;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Internet addresses that one operator can easily have many of: an IPv4 /16 or an IPv6 /32. Peers
 * of one group count as one when diversity matters. Addresses that are not on the internet, such as
 * loopback and private ones, have no group: whoever uses them is among friends.
 *
 * @param prefix the leading bits; an IPv4 prefix is told from an IPv6 one by bit 32
 */
public record IpGroup(long prefix) {

  private static final long IP4 = 1L << 32;

  /** The group of an address, unless it has none or names a host. */
  public static Optional<IpGroup> of(Multiaddr address) {
    if (address.scope() != AddressScope.PUBLIC) {
      return Optional.empty();
    }
    return address.ip().map(IpGroup::of);
  }

  /** The group of the first of these addresses that has one. */
  public static Optional<IpGroup> of(List<Multiaddr> addresses) {
    for (Multiaddr address : addresses) {
      Optional<IpGroup> group = of(address);
      if (group.isPresent()) {
        return group;
      }
    }
    return Optional.empty();
  }

  private static IpGroup of(InetAddress ip) {
    ByteBuffer bytes = ByteBuffer.wrap(ip.getAddress());
    return bytes.remaining() == 4
        ? new IpGroup(IP4 | (bytes.getShort() & 0xffff))
        : new IpGroup(bytes.getInt() & 0xffffffffL);
  }

  /** Such as {@code 198.51.0.0/16} or {@code 20010db8::/32}. */
  @Override
  public String toString() {
    return (prefix & IP4) != 0
        ? (prefix >> 8 & 0xff) + "." + (prefix & 0xff) + ".0.0/16"
        : Long.toHexString(prefix) + "::/32";
  }
}
