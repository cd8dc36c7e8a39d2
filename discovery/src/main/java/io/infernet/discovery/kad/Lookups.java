package io.infernet.discovery.kad;

import io.infernet.discovery.kad.query.ClosestPeersQuery;
import io.infernet.discovery.kad.query.QueryConfig;
import io.infernet.discovery.kad.query.QueryStats;
import io.infernet.discovery.kad.record.ProviderRecord;
import io.infernet.discovery.kad.record.RecordStore;
import io.infernet.discovery.kad.record.RecordValidator;
import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.discovery.kad.routing.RoutingEntry;
import io.infernet.discovery.kad.wire.KadMessage;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/** The look-ups of one node: of peers, providers and values. Runs on the service's executor. */
final class Lookups {

  private final Host host;
  private final KadConfig config;
  private final TableKeeper keeper;
  private final Requests requests;
  private final RecordStore records;
  private final RecordValidator validator;
  private final Scheduler scheduler;
  private final Clock clock;
  private final Ticker ticker;

  /** Those under way. */
  private final Set<Lookup> lookups = new LinkedHashSet<>();

  Lookups(
      Host host,
      KadConfig config,
      TableKeeper keeper,
      Requests requests,
      RecordStore records,
      RecordValidator validator,
      Scheduler scheduler,
      Clock clock,
      Ticker ticker) {
    this.host = host;
    this.config = config;
    this.keeper = keeper;
    this.requests = requests;
    this.records = records;
    this.validator = validator;
    this.scheduler = scheduler;
    this.clock = clock;
    this.ticker = ticker;
  }

  /** Looks for the closest peers to a key and nothing else. */
  CompletableFuture<LookupResult> closest(byte[] name) {
    return closestPeers(name, keeper.radius(), config.query()).start();
  }

  /** As {@link #closest}, not begun, with limits and a radius of its own. */
  Lookup closestPeers(byte[] name, double radius, QueryConfig query) {
    return lookup(name, radius, query, new KadMessage.FindNode(name), (peer, answer) -> false);
  }

  /** A look-up that has not begun. */
  Lookup lookup(byte[] name, KadMessage.Request request, Lookup.Reader reader) {
    return lookup(name, keeper.radius(), config.query(), request, reader);
  }

  private Lookup lookup(
      byte[] name,
      double radius,
      QueryConfig query,
      KadMessage.Request request,
      Lookup.Reader reader) {
    KadKey target = KadKey.of(name);
    keeper.table().lookedUp(target, ticker.nanoTime());
    Lookup lookup =
        new Lookup(
            new ClosestPeersQuery(target, host.peerId(), keeper.seeds(target), radius, query),
            query,
            request,
            reader,
            requests,
            scheduler,
            ticker);
    lookups.add(lookup);
    lookup.result().whenComplete((result, error) -> lookups.remove(lookup));
    return lookup;
  }

  /** Where a peer is. */
  CompletableFuture<Optional<PeerInfo>> peer(PeerId peer) {
    Optional<Connection> connected = host.connection(peer);
    List<Multiaddr> known = host.peers().addresses(peer);
    if (connected.isPresent() && !known.isEmpty()) {
      return CompletableFuture.completedFuture(Optional.of(new PeerInfo(peer, known)));
    }
    Set<Multiaddr> named = new LinkedHashSet<>();
    byte[] name = peer.toBytes();
    Lookup.Reader reader =
        (from, answer) -> {
          if (from.id().equals(peer)) {
            return true;
          }
          if (answer instanceof KadMessage.CloserPeers found) {
            for (PeerInfo closer : found.closer()) {
              if (closer.id().equals(peer)) {
                closer.addresses().stream()
                    .limit(config.wire().keptAddresses() - (long) named.size())
                    .forEach(named::add);
              }
            }
          }
          return false;
        };
    return lookup(name, new KadMessage.FindNode(name), reader)
        .start()
        .thenApply(
            result -> {
              Optional<PeerInfo> served = keeper.table().get(peer).map(RoutingEntry::peer);
              if (served.isPresent()) {
                return served;
              }
              List<Multiaddr> own =
                  host.connection(peer).isPresent() ? host.peers().addresses(peer) : List.of();
              List<Multiaddr> all = own.isEmpty() ? List.copyOf(named) : own;
              return all.isEmpty() ? Optional.empty() : Optional.of(new PeerInfo(peer, all));
            });
  }

  /** Of a look-up that is about to begin. */
  FoundProviders foundProviders() {
    return new FoundProviders(config.maxProviders());
  }

  /**
   * Who provides a key.
   *
   * @param enough called for each new one; whether to look no further
   */
  CompletableFuture<LookupResult> providers(
      Multihash key, FoundProviders found, Predicate<PeerInfo> enough) {
    boolean[] done = new boolean[1];
    found.nextAnswer();
    for (ProviderRecord record : records.providers(key)) {
      if (!record.provider().id().equals(host.peerId())
          && found.add(record.provider())
          && !done[0]) {
        done[0] = enough.test(record.provider());
      }
    }
    Lookup.Reader reader =
        (peer, answer) -> {
          if (answer instanceof KadMessage.Providers providers) {
            int count = Math.min(providers.providers().size(), config.maxProvidersPerAnswer());
            Set<PeerId> once = new LinkedHashSet<>();
            found.nextAnswer();
            for (PeerInfo provider : providers.providers().subList(0, count)) {
              if (!provider.id().equals(host.peerId())
                  && once.add(provider.id())
                  && found.add(provider)
                  && !done[0]) {
                done[0] = enough.test(provider);
              }
            }
          }
          return done[0];
        };
    if (done[0]) {
      return CompletableFuture.completedFuture(
          new LookupResult(List.of(), List.of(), new QueryStats(0, 0, 0, 0, 0), Duration.ZERO));
    }
    return lookup(key.toBytes(), new KadMessage.GetProviders(key), reader).start();
  }

  /** The best value of a key; see {@link KadDht#getValue}. */
  CompletableFuture<Optional<byte[]>> value(byte[] name, int quorum) {
    return new ValueSearch(name, quorum, this, requests, records, validator, clock).start();
  }

  /** Ends those under way. */
  void close() {
    List.copyOf(lookups)
        .forEach(lookup -> lookup.fail(new IllegalStateException("the DHT was closed")));
  }
}
