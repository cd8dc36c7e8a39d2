package io.infernet.libp2p.host;

import io.infernet.libp2p.peer.PeerId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Knows the connections that are ready for streams, says which of a peer's to use and which ones to
 * close. Performs no I/O: the caller closes what the answers name. Safe from any thread.
 *
 * <p>When both sides dial at once there are two connections. Both sides prefer the one that the
 * smaller peer id dialled, so new streams meet on it, and the other is closed once it was without
 * streams for a while: no stream is lost or opened twice.
 *
 * <p>Trimming takes the connections of the least useful peers first, by the sum of their tags;
 * among equals those without streams, idle longest first; and never those that are protected or
 * young. Where that leaves no room, new connections are closed, unless this node dialled them.
 */
public final class ConnectionManager {

  private static final Comparator<ManagedConnection> LEAST_BUSY_FIRST =
      Comparator.<ManagedConnection>comparingInt(c -> c.streamCount() == 0 ? 0 : 1)
          .thenComparingLong(c -> c.streamCount() == 0 ? c.idleSince() : c.readySince());

  /** While all connections are young or protected, those to trim are looked for this often. */
  private static final int TRIES_IN_GRACE_PERIOD = 10;

  private final ConnectionConfig config;
  private final Comparator<ManagedConnection> preferredFirst;
  private final Map<PeerId, List<ManagedConnection>> byPeer = new LinkedHashMap<>();
  private final Map<PeerId, Set<String>> protections = new HashMap<>();
  private final Map<PeerId, Map<String, Integer>> tags = new HashMap<>();

  /** Peers with more than one connection. */
  private final Set<PeerId> redundant = new LinkedHashSet<>();

  private int size;

  /** Looking again for what can be trimmed, at every new connection, is in vain until then. */
  private long nothingTrimmedUntil = Long.MIN_VALUE;

  /** A connection that is to be closed, and why. */
  public record Closing(ManagedConnection connection, String reason) {}

  public ConnectionManager(PeerId self, ConnectionConfig config) {
    this.config = config;
    this.preferredFirst =
        Comparator.<ManagedConnection>comparingInt(
                c -> c.isInitiator() == (self.compareTo(c.remotePeer()) < 0) ? 0 : 1)
            .thenComparingLong(ManagedConnection::readySince);
  }

  /**
   * Takes in a connection that became ready.
   *
   * @return what to close for it; may be the connection itself
   */
  public synchronized List<Closing> add(ManagedConnection connection, long now) {
    List<Closing> closing = new ArrayList<>();
    List<ManagedConnection> peers =
        byPeer.computeIfAbsent(connection.remotePeer(), peer -> new ArrayList<>(1));
    if (peers.size() >= config.maxPerPeer()) {
      // The peer may have restarted, so the new one is alive and the others may not be.
      ManagedConnection oldest = peers.stream().min(LEAST_BUSY_FIRST).orElseThrow();
      closing.add(new Closing(oldest, "more than " + config.maxPerPeer() + " of one peer"));
      remove(oldest);
      byPeer.put(connection.remotePeer(), peers);
    }
    peers.add(connection);
    size++;
    if (peers.size() > 1) {
      redundant.add(connection.remotePeer());
    }
    if (size > config.highWater() && now >= nothingTrimmedUntil) {
      closing.addAll(trim(now));
    }
    if (size > config.maxConnections()) {
      ManagedConnection surplus = surplus(connection);
      remove(surplus);
      closing.add(new Closing(surplus, "more than " + config.maxConnections() + " in all"));
    }
    return closing;
  }

  /**
   * Which connection gives way when all are young or protected. One that this node asked for, or
   * that is protected, takes the place of the least useful one without streams: others who fill all
   * places at once do not cut this node off.
   */
  private ManagedConnection surplus(ManagedConnection newest) {
    if (!newest.isInitiator() && !protections.containsKey(newest.remotePeer())) {
      return newest;
    }
    return byPeer.values().stream()
        .flatMap(List::stream)
        .filter(c -> c != newest && c.streamCount() == 0)
        .filter(c -> !protections.containsKey(c.remotePeer()))
        .min(leastUsefulFirst())
        .orElse(newest);
  }

  private Comparator<ManagedConnection> leastUsefulFirst() {
    return Comparator.<ManagedConnection>comparingLong(c -> usefulness(c.remotePeer()))
        .thenComparing(LEAST_BUSY_FIRST);
  }

  /**
   * Forgets a connection.
   *
   * @return whether it was known
   */
  public synchronized boolean remove(ManagedConnection connection) {
    List<ManagedConnection> peers = byPeer.get(connection.remotePeer());
    if (peers == null || !peers.remove(connection)) {
      return false;
    }
    if (peers.isEmpty()) {
      byPeer.remove(connection.remotePeer());
    }
    if (peers.size() < 2) {
      redundant.remove(connection.remotePeer());
    }
    size--;
    return true;
  }

  /** The connection to open streams on. */
  public synchronized Optional<ManagedConnection> preferred(PeerId peer) {
    ManagedConnection best = null;
    for (ManagedConnection connection : byPeer.getOrDefault(peer, List.of())) {
      if (connection.acceptsStreams()
          && (best == null || preferredFirst.compare(connection, best) < 0)) {
        best = connection;
      }
    }
    return Optional.ofNullable(best);
  }

  /** How many there are. */
  public synchronized int size() {
    return size;
  }

  /** Whether there is more than one connection to {@code peer}. */
  public synchronized boolean isRedundant(PeerId peer) {
    return redundant.contains(peer);
  }

  public synchronized List<ManagedConnection> connections(PeerId peer) {
    return List.copyOf(byPeer.getOrDefault(peer, List.of()));
  }

  public synchronized List<ManagedConnection> connections() {
    List<ManagedConnection> all = new ArrayList<>(size);
    byPeer.values().forEach(all::addAll);
    return all;
  }

  public synchronized void protect(PeerId peer, String tag) {
    protections.computeIfAbsent(peer, p -> new LinkedHashSet<>()).add(tag);
  }

  public synchronized void unprotect(PeerId peer, String tag) {
    protections.computeIfPresent(
        peer,
        (p, holders) -> {
          holders.remove(tag);
          return holders.isEmpty() ? null : holders;
        });
  }

  public synchronized boolean isProtected(PeerId peer) {
    return protections.containsKey(peer);
  }

  /** The tags that protect connections to {@code peer}. */
  public synchronized Set<String> protections(PeerId peer) {
    return Set.copyOf(protections.getOrDefault(peer, Set.of()));
  }

  public synchronized void tag(PeerId peer, String tag, int usefulness) {
    Map<String, Integer> values = tags.computeIfAbsent(peer, p -> new HashMap<>());
    if (usefulness == 0) {
      values.remove(tag);
    } else {
      values.put(tag, usefulness);
    }
    if (values.isEmpty()) {
      tags.remove(peer);
    }
  }

  /** The tags of {@code peer} and their values. */
  public synchronized Map<String, Integer> tags(PeerId peer) {
    return Map.copyOf(tags.getOrDefault(peer, Map.of()));
  }

  private long usefulness(PeerId peer) {
    long sum = 0;
    for (int value : tags.getOrDefault(peer, Map.of()).values()) {
      sum += value;
    }
    return sum;
  }

  /** What is to be closed now: redundant connections, and those above the high water mark. */
  public synchronized List<Closing> check(long now) {
    List<Closing> closing = new ArrayList<>();
    for (PeerId peer : redundant) {
      byPeer.get(peer).stream()
          .sorted(preferredFirst)
          .skip(1)
          .filter(c -> c.streamCount() == 0)
          .filter(c -> now - c.idleSince() >= config.redundantIdle().toNanos())
          .forEach(c -> closing.add(new Closing(c, "redundant")));
    }
    closing.forEach(one -> remove(one.connection()));
    if (size > config.highWater()) {
      closing.addAll(trim(now));
    }
    return closing;
  }

  private List<Closing> trim(long now) {
    List<Closing> trimmed =
        byPeer.values().stream()
            .flatMap(List::stream)
            .filter(c -> !protections.containsKey(c.remotePeer()))
            .filter(c -> now - c.readySince() >= config.gracePeriod().toNanos())
            .sorted(leastUsefulFirst())
            .limit(size - config.lowWater())
            .map(c -> new Closing(c, "trimmed: more than " + config.highWater()))
            .toList();
    trimmed.forEach(closing -> remove(closing.connection()));
    if (trimmed.isEmpty()) {
      nothingTrimmedUntil = now + config.gracePeriod().toNanos() / TRIES_IN_GRACE_PERIOD;
    }
    return trimmed;
  }
}
