package io.infernet.node.batch.schedule;

import io.infernet.libp2p.multiformats.AddressScope;
import io.infernet.libp2p.multiformats.Multiaddr;
import java.net.InetAddress;
import java.util.Optional;

/**
 * Internet addresses that are most likely one operator's: an IPv4 /24 or an IPv6 /48, the smallest
 * blocks that are routed on their own. Loopback and private addresses are in no block: whoever uses
 * them is among friends.
 *
 * @param prefix the leading bits; bit 62 is set for IPv6
 */
public record AddressBlock(long prefix) {

  private static final long IP6 = 1L << 62;
  private static final int IP4_BYTES = 3;
  private static final int IP6_BYTES = 6;

  /** Where the IPv4 address lies in one of the NAT64 prefix 64:ff9b::/96 (RFC 6052). */
  private static final int NAT64_OFFSET = 12;

  /** The block of an address, unless it is not on the internet or names a host. */
  public static Optional<AddressBlock> of(Multiaddr address) {
    return address.scope() == AddressScope.PUBLIC
        ? address.ip().map(AddressBlock::of)
        : Optional.empty();
  }

  private static AddressBlock of(InetAddress address) {
    byte[] ip = address.getAddress();
    if (ip.length == 4) {
      return new AddressBlock(bits(ip, 0, IP4_BYTES));
    }
    boolean nat64 = ip[0] == 0 && ip[1] == 0x64 && ip[2] == (byte) 0xff && ip[3] == (byte) 0x9b;
    return nat64
        ? new AddressBlock(bits(ip, NAT64_OFFSET, IP4_BYTES))
        : new AddressBlock(IP6 | bits(ip, 0, IP6_BYTES));
  }

  private static long bits(byte[] ip, int from, int count) {
    long bits = 0;
    for (int i = from; i < from + count; i++) {
      bits = bits << 8 | (ip[i] & 0xff);
    }
    return bits;
  }

  /** Such as {@code 8.8.8.0/24} or {@code 2001:4860:4860::/48}. */
  @Override
  public String toString() {
    return (prefix & IP6) == 0
        ? (prefix >> 16 & 0xff) + "." + (prefix >> 8 & 0xff) + "." + (prefix & 0xff) + ".0/24"
        : Long.toHexString(prefix >> 32 & 0xffff)
            + ":"
            + Long.toHexString(prefix >> 16 & 0xffff)
            + ":"
            + Long.toHexString(prefix & 0xffff)
            + "::/48";
  }
}
