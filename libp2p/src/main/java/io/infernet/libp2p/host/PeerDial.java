package io.infernet.libp2p.host;

import io.infernet.libp2p.multiformats.Multiaddr;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides which address of a peer to try when: in the order given, each with a head start before
 * the next is tried beside it, and the next at once when nothing is under way ("happy eyeballs",
 * RFC 8305 §5). Performs no I/O and has no clock: times come in as nanoseconds of a ticker. Used by
 * one thread at a time.
 */
final class PeerDial {

  private final long headStart;
  private final int maxAddresses;
  private final Deque<Multiaddr> untried = new ArrayDeque<>();
  private final Set<Multiaddr> seen = new LinkedHashSet<>();
  private final Set<Multiaddr> underWay = new LinkedHashSet<>();
  private final List<String> failures = new ArrayList<>();
  private long nextAt = Long.MIN_VALUE;

  /**
   * @param headStart nanoseconds
   * @param maxAddresses how many are tried at most
   */
  PeerDial(long headStart, int maxAddresses) {
    this.headStart = headStart;
    this.maxAddresses = maxAddresses;
  }

  /** Adds addresses in order of preference behind those there; known ones are left out. */
  void add(Collection<Multiaddr> addresses) {
    for (Multiaddr address : addresses) {
      if (seen.size() < maxAddresses && seen.add(address)) {
        untried.add(address);
      }
    }
  }

  /** The address to try now, which is under way from here on; null when it is not time for one. */
  @Nullable Multiaddr next(long now) {
    if (untried.isEmpty() || (!underWay.isEmpty() && now - nextAt < 0)) {
      return null;
    }
    Multiaddr address = untried.remove();
    underWay.add(address);
    nextAt = now + headStart;
    return address;
  }

  /** Nanoseconds until {@link #next} has another address, if nothing fails before. */
  OptionalLong untilNext(long now) {
    if (untried.isEmpty()) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(underWay.isEmpty() ? 0 : Math.max(0, nextAt - now));
  }

  /** The name under way stands for these addresses, which take its place. */
  void onResolved(Multiaddr name, List<Multiaddr> addresses) {
    underWay.remove(name);
    seen.remove(name);
    List<Multiaddr> later = List.copyOf(untried);
    untried.clear();
    later.forEach(seen::remove);
    add(addresses);
    add(later);
    if (addresses.isEmpty()) {
      failures.add(name + ": the name has no address");
    }
  }

  void onFailure(Multiaddr address, String reason) {
    if (underWay.remove(address)) {
      failures.add(address + ": " + reason);
    }
  }

  /** Whether every address was tried and failed. */
  boolean isExhausted() {
    return untried.isEmpty() && underWay.isEmpty();
  }

  /** Why each address failed, in words. */
  String failures() {
    return String.join("; ", failures);
  }
}
