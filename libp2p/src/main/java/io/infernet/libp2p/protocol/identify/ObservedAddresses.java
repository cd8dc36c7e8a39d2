package io.infernet.libp2p.protocol.identify;

import io.infernet.libp2p.multiformats.AddressScope;
import io.infernet.libp2p.multiformats.Multiaddr;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Counts who sees this node at which public address, for it cannot see that itself behind a router
 * that forwards a port. Peers of one network, an IPv4 /16 or IPv6 /32, count once, so that nobody
 * can make up an address with a handful of machines. Performs no I/O and has no clock. Used by one
 * thread.
 */
final class ObservedAddresses {

  private static final int GROUP_BYTES_4 = 2;
  private static final int GROUP_BYTES_6 = 4;

  private final ObservationConfig config;

  /** For each address, when each network last said so; heard of longest ago comes first. */
  private final Map<Multiaddr, Map<String, Instant>> observers = new LinkedHashMap<>();

  ObservedAddresses(ObservationConfig config) {
    this.config = config;
  }

  /**
   * A peer says where it sees this node, or still does.
   *
   * @param observer the peer's address
   * @param listenPorts of this node; who dials out is seen at other ports, which nobody can dial
   */
  void onObserved(Multiaddr observer, Multiaddr observed, Set<Integer> listenPorts, Instant now) {
    Multiaddr address = observed.withoutPeer();
    Optional<String> group = group(observer);
    if (group.isEmpty()
        || address.scope() != AddressScope.PUBLIC
        || address.ip().isEmpty()
        || address.components().size() != 2
        || address.tcpPort().isEmpty()
        || !listenPorts.contains(address.tcpPort().getAsInt())) {
      return;
    }
    Map<String, Instant> seen = observers.remove(address);
    if (seen == null) {
      seen = new LinkedHashMap<>();
    }
    observers.put(address, seen);
    if (seen.containsKey(group.get()) || seen.size() < config.maxObservers()) {
      seen.put(group.get(), now);
    }
    if (observers.size() > config.maxAddresses()) {
      forgetOne();
    }
  }

  /** That with the fewest observers; of these, that heard of longest ago. */
  private void forgetOne() {
    observers.entrySet().stream()
        .min(Comparator.comparingInt(entry -> entry.getValue().size()))
        .map(Map.Entry::getKey)
        .ifPresent(observers::remove);
  }

  /** The addresses on which enough agree, those with the most observers first. */
  List<Multiaddr> believed(Instant now) {
    Instant oldest = now.minus(config.lifetime());
    for (Iterator<Map<String, Instant>> all = observers.values().iterator(); all.hasNext(); ) {
      Map<String, Instant> seen = all.next();
      seen.values().removeIf(at -> at.isBefore(oldest));
      if (seen.isEmpty()) {
        all.remove();
      }
    }
    List<Multiaddr> believed = new ArrayList<>();
    observers.entrySet().stream()
        .filter(entry -> entry.getValue().size() >= config.minObservers())
        .sorted(Comparator.comparingInt(entry -> -entry.getValue().size()))
        .limit(config.maxBelieved())
        .forEach(entry -> believed.add(entry.getKey()));
    return believed;
  }

  /** The network of a peer on the internet. */
  private static Optional<String> group(Multiaddr observer) {
    if (observer.scope() != AddressScope.PUBLIC) {
      return Optional.empty();
    }
    return observer
        .ip()
        .map(InetAddress::getAddress)
        .map(ip -> Arrays.copyOf(ip, ip.length == 4 ? GROUP_BYTES_4 : GROUP_BYTES_6))
        .map(HexFormat.of()::formatHex);
  }
}
