package io.infernet.discovery.bootstrap;

import io.infernet.libp2p.host.Limits;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.transport.tcp.DnsaddrResolver;
import java.time.Duration;
import java.util.List;

/**
 * Whom to connect to first.
 *
 * @param addresses at most {@value #MAX_ADDRESSES}, each a peer's, with {@code /p2p}, or {@code
 *     /dnsaddr/NAME} for all peers that DNS lists under the name
 * @param kept connections to such peers at first
 * @param keptLater connections to such peers once others are known
 * @param enough connections to other peers from which on others are known; with half as many they
 *     are forgotten again
 * @param checkInterval between looks at how many there are
 * @param firstRetry after what time a list that DNS does not give is asked for again; doubles each
 *     time
 * @param maxRetry the longest time between tries
 */
public record BootstrapConfig(
    List<Multiaddr> addresses,
    int kept,
    int keptLater,
    int enough,
    Duration checkInterval,
    Duration firstRetry,
    Duration maxRetry) {

  public static final int MAX_ADDRESSES = 256;

  /** Those listed in DNS included. */
  static final int MAX_PEERS = 256;

  static final int MAX_ADDRESSES_PER_PEER = 16;

  public BootstrapConfig {
    addresses = List.copyOf(addresses);
    if (addresses.size() > MAX_ADDRESSES) {
      throw new IllegalArgumentException("more than " + MAX_ADDRESSES + " bootstrap addresses");
    }
    addresses.forEach(BootstrapConfig::check);
    Limits.requireAtLeast(kept, keptLater, "kept", "keptLater");
    Limits.requirePositive(keptLater, "keptLater");
    Limits.requirePositive(enough, "enough");
    Limits.requirePositive(checkInterval, "checkInterval");
    Limits.requirePositive(firstRetry, "firstRetry");
    Limits.requireAtLeast(maxRetry, firstRetry, "maxRetry", "firstRetry");
  }

  /** Connections to eight of them at first, to two when sixteen others are connected. */
  public static BootstrapConfig of(List<Multiaddr> addresses) {
    return new BootstrapConfig(
        addresses,
        /* kept= */ 8,
        /* keptLater= */ 2,
        /* enough= */ 16,
        /* checkInterval= */ Duration.ofSeconds(30),
        /* firstRetry= */ Duration.ofSeconds(1),
        /* maxRetry= */ Duration.ofMinutes(1));
  }

  /**
   * Returns {@code address} when it can be one to begin with.
   *
   * @throws IllegalArgumentException with a message for the user when it does not say whose it is
   */
  public static Multiaddr check(Multiaddr address) {
    if (address.peerId().isEmpty() && !DnsaddrResolver.isDnsaddr(address)) {
      throw new IllegalArgumentException(
          "\"" + address + "\" does not say whose address it is: end it in /p2p/ID");
    }
    return address;
  }
}
