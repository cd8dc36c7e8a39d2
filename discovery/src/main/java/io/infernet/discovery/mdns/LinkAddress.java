package io.infernet.discovery.mdns;

import java.net.InetAddress;

/**
 * An address of this machine on a link, and how much of it all addresses of the link share.
 *
 * @param prefixLength in bits
 */
record LinkAddress(InetAddress ip, int prefixLength) {

  /** Whether {@code other} is an address of the same link. */
  boolean reaches(InetAddress other) {
    byte[] mine = ip.getAddress();
    byte[] its = other.getAddress();
    if (mine.length != its.length || prefixLength <= 0) {
      return false;
    }
    for (int bit = 0; bit < prefixLength && bit < mine.length * 8; bit++) {
      int mask = 0x80 >> (bit % 8);
      if (((mine[bit / 8] ^ its[bit / 8]) & mask) != 0) {
        return false;
      }
    }
    return true;
  }
}
