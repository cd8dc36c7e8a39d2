package io.infernet.discovery.kad;

import io.infernet.discovery.kad.routing.IpGroup;
import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.discovery.kad.routing.NetworkSize;
import io.infernet.discovery.kad.routing.RoutingEntry;
import io.infernet.discovery.kad.routing.RoutingTable;
import io.infernet.discovery.kad.wire.KadMessage;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.PeerStore;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fills the routing table with peers that answer and clears it of those that do not; keeps the
 * connections to this node's own neighbourhood. Runs on the service's executor.
 */
final class TableKeeper {

  /** Protects connections to the neighbourhood. */
  static final String TAG = "kad";

  /** A peer that is no server, or not there, is left alone this long. */
  private static final Duration REST = Duration.ofMinutes(1);

  /** So many times longer may a peer be silent that is connected. */
  private static final int CONNECTED_FACTOR = 4;

  private static final Logger LOG = LoggerFactory.getLogger(TableKeeper.class);

  private final Host host;
  private final KadConfig config;
  private final RoutingTable table;
  private final NetworkSize networkSize;
  private final PeerWatch watch;
  private final Ticker ticker;
  private final Set<PeerId> checking = new LinkedHashSet<>();
  private final Set<PeerId> neighbours = new LinkedHashSet<>();
  private Requests requests;
  private Runnable onFirst = () -> {};
  private boolean heardAny;
  private long lastAnswer;

  TableKeeper(Host host, KadConfig config, RoutingTable table, Ticker ticker) {
    this.host = host;
    this.config = config;
    this.table = table;
    this.networkSize = new NetworkSize(config.sizeSamples());
    this.watch =
        new PeerWatch(
            config.maxViolations(), config.banDuration(), config.maxWatchedPeers(), ticker);
    this.ticker = ticker;
  }

  /**
   * Closes the circle: requests tell this keeper what came of them, and it sends some itself.
   *
   * @param onFirst run when the table gets its first peer
   */
  void connect(Requests sender, Runnable onFirst) {
    this.requests = sender;
    this.onFirst = onFirst;
  }

  RoutingTable table() {
    return table;
  }

  PeerWatch watch() {
    return watch;
  }

  // What requests tell.

  /** A peer has answered a request of this node. */
  void answered(PeerInfo asked, Connection connection) {
    PeerId peer = asked.id();
    heardAny = true;
    lastAnswer = ticker.nanoTime();
    if (watch.isBanned(peer)) {
      return;
    }
    KadKey key = KadKey.of(peer);
    Optional<RoutingEntry> known = table.get(key);
    List<Multiaddr> addresses =
        known.isPresent() && !isNews(known.get(), connection)
            ? List.of()
            : addresses(peer, connection);
    RoutingTable.Outcome outcome =
        table.seen(
            addresses.equals(asked.addresses()) ? asked : new PeerInfo(peer, addresses),
            key,
            known.isPresent() ? Optional.empty() : IpGroup.of(connection.remoteAddress()),
            lastAnswer);
    if (outcome == RoutingTable.Outcome.WAITING) {
      table.toCheck(key, lastAnswer).ifPresent(oldest -> check(oldest.peer()));
    } else if (outcome == RoutingTable.Outcome.ADDED && table.size() == 1) {
      onFirst.run();
    }
  }

  private static boolean isNews(RoutingEntry known, Connection connection) {
    return connection.isInitiator()
        && !known.peer().addresses().contains(connection.remoteAddress());
  }

  /** Where the peer can be dialled: where it was, and what it signed or said itself. */
  private List<Multiaddr> addresses(PeerId peer, Connection connection) {
    List<Multiaddr> own =
        host.peers()
            .signedRecord(peer)
            .map(signed -> signed.record().addresses())
            .orElseGet(() -> connection.isInitiator() ? List.of() : host.peers().addresses(peer));
    int limit = config.wire().keptAddresses();
    List<Multiaddr> addresses = new ArrayList<>(Math.min(limit, own.size() + 1));
    if (connection.isInitiator()) {
      addresses.add(connection.remoteAddress());
    }
    for (Multiaddr address : own) {
      if (addresses.size() < limit && !addresses.contains(address)) {
        addresses.add(address);
      }
    }
    return addresses;
  }

  /** A request to a peer failed. */
  void failed(PeerId peer, long start, Throwable error) {
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    if (cause instanceof ProtocolViolationException) {
      violated(peer, cause.getMessage());
    }
    if (heardAny && lastAnswer - start >= 0) {
      table.failed(peer);
    } else {
      // Nobody has answered since: it may be this node that is cut off.
      table.suspect(peer);
    }
  }

  /** A peer broke the protocol. */
  void violated(PeerId peer, String how) {
    LOG.debug("{} broke the protocol: {}", peer, how);
    if (watch.violated(peer)) {
      LOG.info("{} broke the protocol too often and is ignored for {}", peer, config.banDuration());
      table.remove(peer);
    }
  }

  // Whom to take in.

  /** A peer is connected: it comes into the table when there is room for it and it answers. */
  void consider(Connection connection) {
    PeerId peer = connection.remotePeer();
    KadKey key = KadKey.of(peer);
    Optional<RoutingEntry> known = table.get(key);
    if (known.isPresent()) {
      table.heard(known.get(), ticker.nanoTime());
      return;
    }
    if (checking.size() < config.maxChecks()
        && table.wants(key, IpGroup.of(connection.remoteAddress()))
        && mayBeServer(peer)) {
      check(new PeerInfo(peer, List.of()));
    }
  }

  private boolean mayBeServer(PeerId peer) {
    Optional<PeerStore.PeerMetadata> said = host.peers().metadata(peer);
    return (said.isEmpty() || said.get().protocols().contains(config.protocol()))
        && !watch.isBanned(peer)
        && !watch.rests(peer);
  }

  /**
   * Asks a peer for this node's own neighbourhood, to see whether it answers.
   *
   * @return done, never failed, with whether it did
   */
  CompletableFuture<Boolean> check(PeerInfo peer) {
    if (peer.id().equals(host.peerId()) || !checking.add(peer.id())) {
      return CompletableFuture.completedFuture(false);
    }
    return requests
        .ask(new KadMessage.FindNode(host.peerId().toBytes()), peer)
        .handle(
            (answer, error) -> {
              checking.remove(peer.id());
              if (error != null) {
                watch.rest(peer.id(), REST);
              }
              return error == null;
            });
  }

  /** Checks a few of those that were silent longest. */
  void checkSilent() {
    long now = ticker.nanoTime();
    long age = config.checkAge().toNanos();
    int free = config.maxChecks() - checking.size();
    if (free <= 0) {
      return;
    }
    List<RoutingEntry> all = table.all();
    List<RoutingEntry> silent =
        all.stream()
            .filter(entry -> entry.failures() > 0 || now - entry.seen() >= age)
            .sorted(Comparator.comparingLong(RoutingEntry::seen))
            .filter(entry -> entry.failures() > 0 || isSilent(entry, now - entry.seen(), age))
            .limit(free)
            .toList();
    if (silent.isEmpty()) {
      return;
    }
    silent.forEach(entry -> check(entry.peer()));
    // Whoever answered last should do so again; if not, the silence says nothing of the others.
    all.stream()
        .filter(entry -> entry.failures() == 0)
        .max(Comparator.comparingLong(RoutingEntry::seen))
        .ifPresent(entry -> check(entry.peer()));
  }

  /** A connection that is kept alive says that the peer is there, though not that it serves. */
  private boolean isSilent(RoutingEntry entry, long silence, long age) {
    return silence >= age
        && (silence >= CONNECTED_FACTOR * age || host.connection(entry.peer().id()).isEmpty());
  }

  // What look-ups need.

  /** Whom to ask first. */
  List<PeerInfo> seeds(KadKey target) {
    List<RoutingEntry> closest = table.closest(target, config.table().bucketSize());
    List<PeerInfo> seeds = new ArrayList<>(closest.size());
    for (RoutingEntry entry : closest) {
      seeds.add(entry.peer());
    }
    return seeds;
  }

  /** A look-up of a key that nobody could foresee has ended. */
  void sample(KadKey target, List<KadKey> closest) {
    if (closest.size() >= config.refreshSize()) {
      networkSize.add(target, closest);
    }
  }

  /**
   * How many servers the network has. What this node sees around itself counts too, in case the
   * network has just grown, but at most twice the rest: others choose who is around this node.
   */
  OptionalDouble networkSize() {
    int k = config.table().bucketSize();
    List<KadKey> around =
        table.closest(table.selfKey(), k).stream().map(RoutingEntry::key).toList();
    OptionalDouble local =
        around.size() < k
            ? OptionalDouble.of(around.size() + 1)
            : NetworkSize.estimate(table.selfKey(), around);
    OptionalDouble sampled = networkSize.get();
    if (local.isEmpty() || sampled.isEmpty()) {
      return sampled.isPresent() ? sampled : local;
    }
    double most = 2 * sampled.getAsDouble();
    return OptionalDouble.of(Math.max(sampled.getAsDouble(), Math.min(local.getAsDouble(), most)));
  }

  /** The part of the key space around a key in which k honest servers are to be expected. */
  double radius() {
    int k = config.query().resultSize();
    OptionalDouble size = networkSize();
    return size.isPresent() && size.getAsDouble() > k ? k / size.getAsDouble() : 0;
  }

  /** Keeps the connections to the peers closest to this node, and lets go of others. */
  void protectNeighbours() {
    Set<PeerId> closest = new LinkedHashSet<>();
    for (RoutingEntry entry : table.closest(table.selfKey(), config.table().bucketSize())) {
      closest.add(entry.peer().id());
    }
    for (PeerId peer : List.copyOf(neighbours)) {
      if (!closest.contains(peer)) {
        neighbours.remove(peer);
        host.unprotect(peer, TAG);
      }
    }
    for (PeerId peer : closest) {
      if (neighbours.add(peer)) {
        host.protect(peer, TAG);
      }
    }
  }

  void close() {
    neighbours.forEach(peer -> host.unprotect(peer, TAG));
    neighbours.clear();
  }
}
