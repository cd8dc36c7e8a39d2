package io.infernet.libp2p.protocol.identify;

import io.infernet.libp2p.multiformats.AddressScope;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.MultiaddrProtocol;
import io.infernet.libp2p.peer.PeerId;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Which addresses are worth telling whom. Pure functions. */
final class UsefulAddresses {

  private UsefulAddresses() {}

  /**
   * The addresses bound, those that mean every interface replaced by the interfaces' own, without
   * the ones that only their own link knows.
   */
  static List<Multiaddr> expand(List<Multiaddr> bound, Collection<InetAddress> interfaces) {
    Set<Multiaddr> expanded = new LinkedHashSet<>();
    for (Multiaddr address : bound) {
      if (address.scope() != AddressScope.UNSPECIFIED) {
        expanded.add(address);
        continue;
      }
      boolean ip4 = address.has(MultiaddrProtocol.IP4);
      int port = address.tcpPort().orElseThrow();
      for (InetAddress ip : interfaces) {
        boolean dialable =
            !ip.isLinkLocalAddress() && !ip.isAnyLocalAddress() && !ip.isMulticastAddress();
        if (dialable && ip4 == ip instanceof Inet4Address) {
          expanded.add(Multiaddr.fromSocketAddress(new InetSocketAddress(ip, port)));
        }
      }
    }
    return List.copyOf(expanded);
  }

  /**
   * Those of a node's addresses that a peer at {@code remote} may be able to dial, for a peer on
   * the internet the public ones first.
   */
  static List<Multiaddr> forPeerAt(Multiaddr remote, List<Multiaddr> addresses) {
    AddressScope scope = remote.scope();
    List<Multiaddr> reachable =
        addresses.stream()
            .filter(
                address ->
                    scope == AddressScope.LOOPBACK || address.scope() != AddressScope.LOOPBACK)
            .toList();
    return scope == AddressScope.PUBLIC ? publicFirst(reachable) : reachable;
  }

  private static List<Multiaddr> publicFirst(List<Multiaddr> addresses) {
    return addresses.stream()
        .sorted(Comparator.comparing(address -> !address.scope().mayBePublic()))
        .toList();
  }

  /**
   * Those of a node's addresses that anyone may be told, the public ones first: loopback only when
   * there is no other.
   */
  static List<Multiaddr> toPublish(List<Multiaddr> addresses) {
    List<Multiaddr> reachable =
        addresses.stream().filter(address -> address.scope() != AddressScope.LOOPBACK).toList();
    return publicFirst(reachable.isEmpty() ? addresses : reachable);
  }

  /** The first addresses, as many as both limits allow. */
  static List<Multiaddr> fitting(Collection<Multiaddr> addresses, int maxCount, int maxBytes) {
    List<Multiaddr> fitting = new ArrayList<>();
    int bytes = 0;
    for (Multiaddr address : addresses) {
      bytes += address.toBytes().length;
      if (fitting.size() == maxCount || bytes > maxBytes) {
        break;
      }
      fitting.add(address);
    }
    return List.copyOf(fitting);
  }

  /** Those of the addresses that {@code peer} claims which this node could dial, tidied up. */
  static List<Multiaddr> ofPeer(PeerId peer, Multiaddr remote, List<Multiaddr> claimed) {
    List<Multiaddr> useful = new ArrayList<>();
    for (Multiaddr address : forPeerAt(remote, claimed)) {
      AddressScope scope = address.scope();
      boolean ofPeer = address.peerId().map(peer::equals).orElse(true);
      if (ofPeer && scope != AddressScope.UNSPECIFIED && scope != AddressScope.LINK_LOCAL) {
        useful.add(address.withoutPeer());
      }
    }
    return useful;
  }
}
