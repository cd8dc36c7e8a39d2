package io.infernet.libp2p.transport.tcp;

import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;

/** The IP addresses of this machine by which others may reach it. */
@FunctionalInterface
public interface InterfaceAddresses {

  /** All of them, loopback included, in the order of the interfaces; may take milliseconds. */
  List<InetAddress> addresses();

  /**
   * What the operating system says, without bridges between containers and virtual machines of this
   * machine, which lead nowhere from outside, and without IPv6 link-local addresses, which are of
   * no use without naming an interface of the one who dials.
   */
  static InterfaceAddresses system() {
    Pattern bridge = Pattern.compile("(docker|br-|veth|virbr|vboxnet|vmnet|cni|flannel|lxc).*");
    return () -> {
      List<InetAddress> addresses = new ArrayList<>();
      try {
        for (NetworkInterface card : Collections.list(NetworkInterface.getNetworkInterfaces())) {
          if (card.isUp() && !bridge.matcher(card.getName()).matches()) {
            card.inetAddresses().filter(ip -> !ip.isLinkLocalAddress()).forEach(addresses::add);
          }
        }
      } catch (SocketException e) {
        throw new UncheckedIOException("the network interfaces cannot be listed", e);
      }
      return addresses;
    };
  }
}
