package io.infernet.discovery.kad;

import io.infernet.discovery.kad.query.QueryConfig;
import io.infernet.discovery.kad.record.RoutingTableStore;
import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.discovery.kad.routing.RoutingEntry;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a node into the network and keeps its view of it fresh. Runs on the service's executor.
 */
final class Joiner {

  /** Random names tried to hit the buckets that are to be refreshed. */
  private static final int MAX_NAMES_TRIED = 1 << 16;

  private static final Logger LOG = LoggerFactory.getLogger(Joiner.class);

  private final Host host;
  private final KadConfig config;
  private final TableKeeper keeper;
  private final Lookups lookups;
  private final RoutingTableStore saved;
  private final Clock clock;
  private final Ticker ticker;
  private final RandomGenerator random;
  private final ArrayDeque<PeerInfo> savedPeers = new ArrayDeque<>();
  private @Nullable CompletableFuture<Void> joining;
  private boolean closed;

  Joiner(
      Host host,
      KadConfig config,
      TableKeeper keeper,
      Lookups lookups,
      RoutingTableStore saved,
      Clock clock,
      Ticker ticker,
      RandomGenerator random) {
    this.host = host;
    this.config = config;
    this.keeper = keeper;
    this.lookups = lookups;
    this.saved = saved;
    this.clock = clock;
    this.ticker = ticker;
    this.random = random;
  }

  /** Reads whom this node knew when it was saved last; whether there was anybody. */
  boolean load() {
    savedPeers.clear();
    for (RoutingTableStore.SavedPeer peer : saved.load()) {
      savedPeers.add(peer.peer());
    }
    return !savedPeers.isEmpty();
  }

  /** Joins anew by way of those that were saved, unless that is under way. */
  void loadAndJoin() {
    if (joining == null) {
      load();
      join();
    }
  }

  /** Saves the routing table. */
  void save() {
    Instant now = clock.instant();
    long ticks = ticker.nanoTime();
    List<RoutingTableStore.SavedPeer> peers = new ArrayList<>(keeper.table().size());
    for (RoutingEntry entry : keeper.table().all()) {
      peers.add(
          new RoutingTableStore.SavedPeer(entry.peer(), now.minusNanos(ticks - entry.seen())));
    }
    // An empty table says nothing: what was saved before may still lead back into the network.
    if (!peers.isEmpty()) {
      saved.save(peers);
    }
  }

  /**
   * Asks whom it must, then looks for this node's own key, then for one in each part of the key
   * space where nothing was looked for of late.
   *
   * @return done, never failed, when that has ended
   */
  CompletableFuture<Void> join() {
    if (joining != null) {
      return joining;
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    joining = done;
    askConnected()
        .thenCompose(asked -> askSaved())
        .thenCompose(asked -> lookUpSelf())
        .thenCompose(found -> refresh())
        .whenComplete(
            (refreshed, error) -> {
              if (error != null && !closed) {
                LOG.warn("the routing table could not be refreshed", error);
              }
              joining = null;
              keeper.protectNeighbours();
              save(); // a node that is killed soon finds back, too
              done.complete(null);
            });
    return done;
  }

  /** When nobody is known, whoever is connected may be a server. */
  private CompletableFuture<Void> askConnected() {
    if (keeper.table().size() > 0) {
      return CompletableFuture.completedFuture(null);
    }
    List<CompletableFuture<Boolean>> checks = new ArrayList<>();
    for (Connection connection : host.connections()) {
      if (checks.size() < config.maxChecks()) {
        checks.add(keeper.check(new PeerInfo(connection.remotePeer(), List.of())));
      }
    }
    return CompletableFuture.allOf(checks.toArray(CompletableFuture<?>[]::new));
  }

  /** Asks saved peers, a few at a time, until enough have answered. */
  private CompletableFuture<Void> askSaved() {
    if (savedPeers.isEmpty() || keeper.table().size() >= config.table().bucketSize()) {
      savedPeers.clear();
      return CompletableFuture.completedFuture(null);
    }
    List<CompletableFuture<Boolean>> checks = new ArrayList<>();
    while (checks.size() < config.maxChecks() && !savedPeers.isEmpty()) {
      checks.add(keeper.check(savedPeers.remove()));
    }
    return CompletableFuture.allOf(checks.toArray(CompletableFuture<?>[]::new))
        .thenCompose(all -> askSaved());
  }

  private CompletableFuture<Void> lookUpSelf() {
    return sample(host.peerId().toBytes(), config.query());
  }

  /** Looks up a key for the good of the routing table. */
  private CompletableFuture<Void> sample(byte[] name, QueryConfig query) {
    Lookup lookup = lookups.closestPeers(name, 0, query);
    return lookup
        .start()
        .thenAccept(result -> keeper.sample(lookup.target(), lookup.closestKeys()));
  }

  /** Looks up a random key in each bucket that needs it, one after the other. */
  private CompletableFuture<Void> refresh() {
    long now = ticker.nanoTime();
    long age = config.refreshInterval().toNanos();
    List<Integer> stale = keeper.table().staleBuckets(false, now, age);
    List<Integer> full = keeper.table().staleBuckets(true, now, age);
    if (!full.isEmpty()) {
      stale.add(full.get(random.nextInt(full.size())));
    }
    QueryConfig refreshing = config.query().narrowed(config.refreshSize());
    CompletableFuture<Void> done = CompletableFuture.completedFuture(null);
    for (byte[] name : namesIn(stale)) {
      done = done.thenCompose(before -> closed ? before() : sample(name, refreshing));
    }
    return done;
  }

  private static CompletableFuture<Void> before() {
    return CompletableFuture.completedFuture(null);
  }

  /**
   * Random names whose keys fall into the given buckets. A name falls into bucket b with
   * probability 2^-(b+1), so all are found by the time that the last one is.
   */
  private List<byte[]> namesIn(List<Integer> buckets) {
    Set<Integer> missing = new LinkedHashSet<>(buckets);
    List<byte[]> names = new ArrayList<>(buckets.size());
    byte[] name = new byte[32];
    for (int i = 0; i < MAX_NAMES_TRIED && !missing.isEmpty(); i++) {
      random.nextBytes(name);
      if (missing.remove(keeper.table().selfKey().commonPrefixLength(KadKey.of(name)))) {
        names.add(name.clone());
      }
    }
    return names;
  }

  void close() {
    closed = true;
  }
}
