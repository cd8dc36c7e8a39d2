package io.infernet.libp2p.multiformats;

import java.util.Locale;

/** How far an address reaches: who could dial it. */
public enum AddressScope {
  /** {@code 0.0.0.0} or {@code ::}: to listen on, never to dial. */
  UNSPECIFIED,
  /** This machine. */
  LOOPBACK,
  /** This link: 169.254.0.0/16, fe80::/10. */
  LINK_LOCAL,
  /** A private network: RFC 1918, RFC 6598 (shared by carriers), fc00::/7. */
  PRIVATE,
  /** Set aside by the IANA special-purpose registries, or multicast: nobody is there. */
  RESERVED,
  /** The internet. */
  PUBLIC,
  /** A name that must be resolved first, or an address without a host. */
  NAME;

  /** Whether a peer in another network might reach the address. */
  public boolean mayBePublic() {
    return this == PUBLIC || this == NAME;
  }

  /**
   * Classifies an IP address of 4 or 16 bytes; an IPv4 address mapped into IPv6 counts as what it
   * maps.
   */
  public static AddressScope ofIp(byte[] ip) {
    return switch (ip.length) {
      case 4 -> ofIp4(ip[0] & 0xff, ip[1] & 0xff, ip[2] & 0xff, ip[3] & 0xff);
      case 16 ->
          IpText.isMappedIp4(ip)
              ? ofIp4(ip[12] & 0xff, ip[13] & 0xff, ip[14] & 0xff, ip[15] & 0xff)
              : ofIp6(ip);
      default -> throw new IllegalArgumentException("not an IP address: " + ip.length + " bytes");
    };
  }

  /** {@link #LOOPBACK} for {@code localhost} (RFC 6761), else {@link #NAME}. */
  static AddressScope ofName(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.equals("localhost") || lower.endsWith(".localhost") ? LOOPBACK : NAME;
  }

  private static AddressScope ofIp4(int a, int b, int c, int d) {
    if (a == 0) {
      return (b | c | d) == 0 ? UNSPECIFIED : RESERVED;
    }
    if (a == 127) {
      return LOOPBACK;
    }
    if (a == 169 && b == 254) {
      return LINK_LOCAL;
    }
    if (a == 10
        || (a == 172 && b >= 16 && b < 32)
        || (a == 192 && b == 168)
        || (a == 100 && b >= 64 && b < 128)) {
      return PRIVATE;
    }
    boolean documentation =
        (a == 192 && b == 0 && c == 2)
            || (a == 198 && b == 51 && c == 100)
            || (a == 203 && b == 0 && c == 113);
    boolean protocolAssignments = a == 192 && b == 0 && c == 0;
    boolean benchmarking = a == 198 && (b == 18 || b == 19);
    return documentation || protocolAssignments || benchmarking || a >= 224 ? RESERVED : PUBLIC;
  }

  private static AddressScope ofIp6(byte[] ip) {
    int first = (ip[0] & 0xff) << 8 | (ip[1] & 0xff);
    boolean zeroButLast = true;
    for (int i = 0; i < 15; i++) {
      zeroButLast &= ip[i] == 0;
    }
    if (zeroButLast && ip[15] == 0) {
      return UNSPECIFIED;
    }
    if (zeroButLast && ip[15] == 1) {
      return LOOPBACK;
    }
    if ((first & 0xffc0) == 0xfe80) {
      return LINK_LOCAL;
    }
    if ((first & 0xfe00) == 0xfc00) {
      return PRIVATE;
    }
    boolean documentation = first == 0x2001 && (ip[2] & 0xff) == 0x0d && (ip[3] & 0xff) == 0xb8;
    // Only 2000::/3 and the NAT64 prefix 64:ff9b::/96 are global unicast.
    boolean nat64 = first == 0x64 && (ip[2] & 0xff) == 0xff && (ip[3] & 0xff) == 0x9b;
    return !documentation && (nat64 || (first & 0xe000) == 0x2000) ? PUBLIC : RESERVED;
  }
}
