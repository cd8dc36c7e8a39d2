package io.infernet.discovery.directory;

import io.infernet.libp2p.multiformats.AddressScope;
import io.infernet.libp2p.multiformats.Multiaddr;
import java.util.List;

/** Which addresses are worth telling and trying. Pure functions. */
final class RecordAddresses {

  private RecordAddresses() {}

  /**
   * Those by which others may reach a node: none that only this machine understands, unless the
   * node has no other.
   */
  static List<Multiaddr> worthTelling(List<Multiaddr> addresses) {
    List<Multiaddr> dialable = worthTrying(addresses);
    List<Multiaddr> beyond =
        dialable.stream().filter(address -> address.scope() != AddressScope.LOOPBACK).toList();
    return beyond.isEmpty() ? dialable : beyond;
  }

  /** Those that can be dialled at all. */
  static List<Multiaddr> worthTrying(List<Multiaddr> addresses) {
    return addresses.stream()
        .filter(
            address ->
                switch (address.scope()) {
                  case UNSPECIFIED, LINK_LOCAL, RESERVED -> false;
                  case LOOPBACK, PRIVATE, PUBLIC, NAME -> true;
                })
        .distinct()
        .toList();
  }
}
