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

  /** How Docker, Podman, libvirt, LXC and the usual networks of Kubernetes name theirs. */
  Pattern VIRTUAL =
      Pattern.compile(
          "docker|br-[0-9a-f]{12}|veth|virbr|vnet|vboxnet|vmnet|cni|flannel|lxc|lxd|podman|cali"
              + "|cilium|kube|weave|nerdctl");

  /** All of them, loopback included, in the order of the interfaces; may take milliseconds. */
  List<InetAddress> addresses();

  /**
   * What the operating system says, without bridges between containers and virtual machines of this
   * machine, which lead nowhere from outside, and without IPv6 link-local addresses, which are of
   * no use without naming an interface of the one who dials.
   */
  static InterfaceAddresses system() {
    return () -> {
      List<InetAddress> addresses = new ArrayList<>();
      try {
        for (NetworkInterface card : Collections.list(NetworkInterface.getNetworkInterfaces())) {
          if (card.isUp() && !isVirtual(card.getName())) {
            card.inetAddresses().filter(ip -> !ip.isLinkLocalAddress()).forEach(addresses::add);
          }
        }
      } catch (SocketException e) {
        throw new UncheckedIOException("the network interfaces cannot be listed", e);
      }
      return addresses;
    };
  }

  /**
   * Whether an interface of this name joins containers or virtual machines of this machine to each
   * other, so that its addresses mean nothing to anyone else.
   */
  static boolean isVirtual(String name) {
    return VIRTUAL.matcher(name).lookingAt();
  }
}
