package io.infernet.discovery.mdns;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;

/** One network interface with IPv4 or IPv6 and the mDNS group on it. Safe from any thread. */
interface MulticastLink {

  /** For people. */
  String name();

  /** This machine's addresses on the link, of both kinds; they may change. */
  List<LinkAddress> addresses();

  /** Whether the link ends within this machine. */
  boolean loopback();

  /** Sends to everyone on the link, this machine included; what cannot be sent is lost. */
  void multicast(ByteBuffer packet);

  /** Sends to one; what cannot be sent is lost. */
  void unicast(InetSocketAddress to, ByteBuffer packet);

  /** Whether {@code address} is on this link, so that nobody far away is listened to. */
  default boolean reaches(InetAddress address) {
    return loopback()
        ? address.isLoopbackAddress()
        : address.isLinkLocalAddress()
            || addresses().stream().anyMatch(own -> own.reaches(address));
  }
}
