package io.infernet.discovery.mdns;

import io.infernet.discovery.mdns.MdnsMessage.Pointer;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The peers that answered on the link, and when to dial which. Performs no I/O and has no clock:
 * times come in as nanoseconds of a ticker. Used by one thread.
 */
final class FoundPeers {

  private final int maxPeers;
  private final int maxAddresses;
  private final long firstRetry;
  private final long maxRetry;
  private final Map<PeerId, Found> peers = new LinkedHashMap<>();

  private static final class Found {
    final PeerId id;
    String name;
    List<Multiaddr> addresses = List.of();
    long heardAt;
    long timeToLive;
    long dialAt;
    long pause;
    boolean dialling;

    Found(PeerId id, String name) {
      this.id = id;
      this.name = name;
    }

    PeerInfo info() {
      return new PeerInfo(id, addresses);
    }

    long left(long now) {
      return timeToLive - (now - heardAt);
    }
  }

  FoundPeers(MdnsConfig config) {
    maxPeers = config.maxPeers();
    maxAddresses = config.maxAddresses();
    firstRetry = config.firstRetry().toNanos();
    maxRetry = config.maxRetry().toNanos();
  }

  /**
   * A peer said where it is.
   *
   * @param name its own on the link, by which it says good-bye
   * @param timeToLive nanoseconds that this is to be believed
   * @param patience nanoseconds until it is dialled for the first time
   * @return whether that is news
   */
  boolean onAnswer(String name, PeerInfo peer, long timeToLive, long patience, long now) {
    Found found = peers.get(peer.id());
    boolean restarted = found == null || !found.name.equals(name);
    if (found == null) {
      if (!makeRoom(now)) {
        return false;
      }
      found = new Found(peer.id(), name);
      peers.put(peer.id(), found);
    }
    if (restarted) {
      found.name = name;
      found.addresses = List.of();
      found.pause = firstRetry;
      found.dialAt = now + patience;
    }
    found.heardAt = now;
    found.timeToLive = timeToLive;
    List<Multiaddr> before = found.addresses;
    List<Multiaddr> merged = new ArrayList<>(peer.addresses());
    before.stream().filter(address -> !merged.contains(address)).forEach(merged::add);
    found.addresses = List.copyOf(merged.subList(0, Math.min(merged.size(), maxAddresses)));
    return restarted || !before.containsAll(found.addresses);
  }

  /** Full: the peer heard of longest ago must go, unless all of them are being dialled. */
  private boolean makeRoom(long now) {
    if (peers.size() < maxPeers) {
      return true;
    }
    peers.values().removeIf(found -> !found.dialling && found.left(now) <= 0);
    Found oldest = null;
    for (Found found : peers.values()) {
      if (!found.dialling && (oldest == null || found.heardAt - oldest.heardAt < 0)) {
        oldest = found;
      }
    }
    if (peers.size() >= maxPeers && oldest != null) {
      peers.remove(oldest.id);
    }
    return peers.size() < maxPeers;
  }

  /** The peer of this name is gone. */
  void onGoodbye(String name) {
    peers.values().removeIf(found -> found.name.equals(name) && !found.dialling);
  }

  /**
   * The next peer to dial, which is being dialled from here on; null when it is not time for one.
   *
   * @param connected whether a peer need not be dialled
   */
  @Nullable PeerInfo next(long now, Predicate<PeerId> connected) {
    for (Iterator<Found> all = peers.values().iterator(); all.hasNext(); ) {
      Found found = all.next();
      if (found.dialling || now - found.dialAt < 0) {
        continue;
      }
      if (found.left(now) <= 0) {
        all.remove();
        continue;
      }
      found.dialAt = now + found.pause;
      if (!connected.test(found.id)) {
        found.dialling = true;
        found.pause = Math.min(maxRetry, 2 * found.pause);
        return found.info();
      }
    }
    return null;
  }

  /** The dial that {@link #next} asked for has ended, well or not. */
  void onDialled(PeerId peer, long now) {
    Found found = peers.get(peer);
    if (found != null) {
      found.dialling = false;
      found.dialAt = now + found.pause;
    }
  }

  /** Nanoseconds until {@link #next} may have something; never negative. */
  long untilNext(long now) {
    long least = maxRetry;
    for (Found found : peers.values()) {
      if (!found.dialling) {
        least = Math.min(least, found.dialAt - now);
      }
    }
    return Math.max(0, least);
  }

  /** Answers that need not be given again yet, RFC 6762 §7.1. */
  List<Pointer> known(String service, long now) {
    List<Pointer> known = new ArrayList<>();
    for (Found found : peers.values()) {
      if (found.left(now) > found.timeToLive / 2) {
        known.add(new Pointer(service, found.left(now) / 1_000_000_000L, found.name));
      }
    }
    return known;
  }

  /** Those that are to be believed now. */
  List<PeerInfo> all(long now) {
    return peers.values().stream().filter(found -> found.left(now) > 0).map(Found::info).toList();
  }
}
