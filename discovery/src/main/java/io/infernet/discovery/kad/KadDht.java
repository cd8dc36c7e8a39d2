package io.infernet.discovery.kad;

import io.infernet.discovery.kad.query.ClosestPeersQuery;
import io.infernet.discovery.kad.query.QueryConfig;
import io.infernet.discovery.kad.query.QueryStats;
import io.infernet.discovery.kad.record.ProviderRecord;
import io.infernet.discovery.kad.record.RecordStore;
import io.infernet.discovery.kad.record.RecordValidator;
import io.infernet.discovery.kad.record.RoutingTableStore;
import io.infernet.discovery.kad.record.ValueRecord;
import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.discovery.kad.routing.RoutingEntry;
import io.infernet.discovery.kad.routing.RoutingTable;
import io.infernet.discovery.kad.wire.KadMessage;
import io.infernet.discovery.kad.wire.PeerCache;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.ConnectionListener;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.multiformats.AddressScope;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The distributed hash table. Finds peers, who provides what, and values; as a server it answers
 * others and keeps their records.
 *
 * <p>A node joins by itself as soon as it is connected to one server, or has one in the routing
 * table that it saved; {@link #bootstrap} waits for that. What it provides it announces again and
 * again until {@link #stopProviding}.
 *
 * <p>Public methods are safe from any thread, and what they return ends on the executor. The owner
 * starts and closes it.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/kad-dht/README.md">libp2p Kademlia
 *     DHT</a>
 */
public final class KadDht implements AutoCloseable {

  /** Random names tried to hit the buckets that are to be refreshed. */
  private static final int MAX_NAMES_TRIED = 1 << 16;

  /** How long a new connection may take to be identified before it is asked whether it serves. */
  private static final Duration IDENTIFY_GRACE = Duration.ofMillis(300);

  /** Own records that are published at once. */
  private static final int MAX_PUBLISHING = 4;

  private static final Logger LOG = LoggerFactory.getLogger(KadDht.class);

  private final Host host;
  private final KadConfig config;
  private final RecordStore records;
  private final RoutingTableStore saved;
  private final RecordValidator validator;
  private final Supplier<List<Multiaddr>> addresses;
  private final Executor executor;
  private final Scheduler scheduler;
  private final Clock clock;
  private final Ticker ticker;
  private final RandomGenerator random;
  private final RoutingTable table;
  private final TableKeeper keeper;
  private final Requests requests;
  private final KadServer server;

  // On the executor only.
  private final Map<Multihash, Long> provided = new LinkedHashMap<>();
  private final Map<Name, Long> published = new LinkedHashMap<>();
  private final ArrayDeque<PeerInfo> savedPeers = new ArrayDeque<>();
  private final Set<Lookup> lookups = new LinkedHashSet<>();
  private @Nullable CompletableFuture<Void> joining;
  private KadMode mode;
  private Scheduler.Cancellable timer = () -> {};
  private long refreshDue;
  private long saveDue;
  private int publishing;
  private boolean running;

  /** The key of a value, as a key of a map. */
  private record Name(byte[] bytes) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Name that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }
  }

  /**
   * @param records what is kept for others and published by this node
   * @param saved where the routing table is when the node is down
   * @param validator says which values are good ones
   * @param addresses where peers reach this node, without {@code /p2p}; called on the executor and
   *     must not block
   * @param cache for reading messages; many nodes in one process can share one
   * @param executor the service's event thread: runs one task at a time
   */
  public KadDht(
      Host host,
      KadConfig config,
      RecordStore records,
      RoutingTableStore saved,
      RecordValidator validator,
      Supplier<List<Multiaddr>> addresses,
      PeerCache cache,
      Executor executor,
      Scheduler scheduler,
      Clock clock,
      Ticker ticker,
      RandomGenerator random) {
    this.host = host;
    this.config = config;
    this.records = records;
    this.saved = saved;
    this.validator = validator;
    this.addresses = addresses;
    this.executor = executor;
    this.scheduler = scheduler;
    this.clock = clock;
    this.ticker = ticker;
    this.random = random;
    this.mode = config.mode();
    this.table = new RoutingTable(host.peerId(), config.table());
    this.keeper = new TableKeeper(host, config, table, ticker);
    this.requests = new Requests(host, config, keeper, cache, executor, scheduler, ticker);
    this.server =
        new KadServer(
            host, config, keeper, requests, cache, records, validator, addresses, executor, clock,
            ticker, random);
    keeper.connect(requests, this::join);
  }

  // Life.

  /** Begins to answer, and to join by way of the peers that were saved. */
  public void start() {
    executor.execute(
        () -> {
          running = true;
          long now = ticker.nanoTime();
          if (mode == KadMode.SERVER) {
            host.handle(config.protocol(), this::onStream);
          }
          host.addConnectionListener(
              new ConnectionListener() {
                @Override
                public void onConnected(Connection connection) {
                  considerSoon(connection);
                }

                @Override
                public void onDisconnected(Connection connection) {}
              });
          loadSaved();
          for (ProviderRecord own : records.ownProviders()) {
            provided.put(own.key(), now);
          }
          for (ValueRecord own : records.ownValues()) {
            published.put(new Name(own.key()), now);
          }
          refreshDue = now + jittered(untilRefresh());
          saveDue = now + jittered(config.saveInterval());
          timer = scheduler.schedule(nextTick(), () -> requests.later(this::tick));
          if (!savedPeers.isEmpty() || !host.connections().isEmpty()) {
            join();
          }
        });
  }

  private void loadSaved() {
    savedPeers.clear();
    for (RoutingTableStore.SavedPeer peer : saved.load()) {
      savedPeers.add(peer.peer());
    }
  }

  private void onStream(Stream stream) {
    try {
      executor.execute(() -> accept(stream));
    } catch (RejectedExecutionException e) {
      stream.reset();
    }
  }

  private void accept(Stream stream) {
    if (running && mode == KadMode.SERVER) {
      server.accept(stream);
    } else {
      stream.reset();
    }
  }

  /** Serves from now on, or no longer. */
  public void setMode(KadMode newMode) {
    run(
        () -> {
          mode = newMode;
          if (running && newMode == KadMode.SERVER) {
            host.handle(config.protocol(), this::onStream);
          } else {
            host.unhandle(config.protocol());
          }
        });
  }

  /** Saves the routing table and stops to answer. Look-ups under way fail. */
  @Override
  public void close() {
    run(
        () -> {
          if (!running) {
            return;
          }
          running = false;
          requests.close();
          timer.cancel();
          host.unhandle(config.protocol());
          save();
          List.copyOf(lookups)
              .forEach(lookup -> lookup.fail(new IllegalStateException("the DHT was closed")));
          server.close();
          keeper.close();
        });
  }

  private Duration nextTick() {
    return Duration.ofNanos(jittered(config.checkInterval()));
  }

  /** Up to a fifth more or less, so that nodes started together do not act together. */
  private long jittered(Duration interval) {
    return (long) (interval.toNanos() * (0.8 + 0.4 * random.nextDouble()));
  }

  /** A node that knows few looks around more often: the network may just be coming up. */
  private Duration untilRefresh() {
    Duration soon = config.checkInterval().multipliedBy(2);
    boolean knowsFew = table.size() < 2 * config.table().bucketSize();
    return knowsFew && soon.compareTo(config.refreshInterval()) < 0
        ? soon
        : config.refreshInterval();
  }

  private void tick() {
    if (!running) {
      return;
    }
    timer = scheduler.schedule(nextTick(), () -> requests.later(this::tick));
    long now = ticker.nanoTime();
    requests.sweep(config.streamIdleTimeout());
    server.sweep(config.streamIdleTimeout());
    records.removeExpired();
    if (table.size() < config.table().bucketSize()) {
      host.connections().forEach(keeper::consider);
    }
    if (table.size() == 0 && joining == null) {
      loadSaved();
      join();
    }
    keeper.checkSilent();
    if (now - refreshDue >= 0) {
      refreshDue = now + jittered(untilRefresh());
      join();
    }
    if (now - saveDue >= 0) {
      saveDue = now + jittered(config.saveInterval());
      save();
    }
    publishDue();
  }

  private void save() {
    Instant now = clock.instant();
    long ticks = ticker.nanoTime();
    List<RoutingTableStore.SavedPeer> peers = new ArrayList<>(table.size());
    for (RoutingEntry entry : table.all()) {
      peers.add(
          new RoutingTableStore.SavedPeer(entry.peer(), now.minusNanos(ticks - entry.seen())));
    }
    // An empty table says nothing: what was saved before may still lead back into the network.
    if (!peers.isEmpty()) {
      saved.save(peers);
    }
  }

  // Joining.

  /** A peer that connects to a node which knows few is asked whether it serves. */
  private void considerSoon(Connection connection) {
    run(
        () -> {
          if (running && table.size() < 2 * config.table().bucketSize()) {
            scheduler.schedule(
                IDENTIFY_GRACE,
                () ->
                    requests.later(
                        () -> {
                          if (running && !connection.closed().isDone()) {
                            keeper.consider(connection);
                          }
                        }));
          }
        });
  }

  /**
   * Joins the network, or joins it better: asks connected and saved peers, looks for this node's
   * own key and then for one in each part of the key space where nothing was looked for of late.
   *
   * @return done, never failed, when that has ended; {@link #status} says how many peers there are
   */
  public CompletableFuture<Void> bootstrap() {
    return supply(this::join);
  }

  /**
   * Asks a peer, connecting first where that is needed, and takes it into the routing table when it
   * answers.
   *
   * @return done with whether it answered
   */
  public CompletableFuture<Boolean> addPeer(PeerInfo peer) {
    return supply(() -> keeper.check(peer));
  }

  private CompletableFuture<Void> join() {
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
              if (error != null) {
                LOG.warn("the routing table could not be refreshed", error);
              }
              joining = null;
              keeper.protectNeighbours();
              done.complete(null);
            });
    return done;
  }

  /** When nobody is known, whoever is connected may be a server. */
  private CompletableFuture<Void> askConnected() {
    if (table.size() > 0) {
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
    if (savedPeers.isEmpty() || table.size() >= config.table().bucketSize()) {
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
    return sample(host.peerId().toBytes());
  }

  /** Looks up a key for the good of the routing table. */
  private CompletableFuture<Void> sample(byte[] name) {
    Lookup lookup = lookup(name, new KadMessage.FindNode(name), (peer, answer) -> false);
    return lookup
        .start()
        .thenAccept(result -> keeper.sample(lookup.target(), lookup.closestKeys()));
  }

  /** Looks up a random key in each bucket that needs it, one after the other. */
  private CompletableFuture<Void> refresh() {
    List<Integer> stale = table.staleBuckets(ticker.nanoTime(), config.refreshInterval().toNanos());
    CompletableFuture<Void> done = CompletableFuture.completedFuture(null);
    for (byte[] name : namesIn(stale)) {
      done = done.thenCompose(before -> running ? sample(name) : before(before));
    }
    return done;
  }

  private static CompletableFuture<Void> before(@Nullable Void nothing) {
    return CompletableFuture.completedFuture(nothing);
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
      if (missing.remove(table.selfKey().commonPrefixLength(KadKey.of(name)))) {
        names.add(name.clone());
      }
    }
    return names;
  }

  // Finding.

  private Lookup lookup(byte[] name, KadMessage.Request request, Lookup.Reader reader) {
    KadKey target = KadKey.of(name);
    table.lookedUp(target, ticker.nanoTime());
    QueryConfig query = config.query();
    Lookup lookup =
        new Lookup(
            new ClosestPeersQuery(
                target, host.peerId(), keeper.seeds(target), keeper.radius(), query),
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

  /** The closest servers to a key that answer, nearest first; this node is not among them. */
  public CompletableFuture<List<PeerInfo>> findClosestPeers(byte[] key) {
    return lookUp(key).thenApply(LookupResult::closest);
  }

  /** As {@link #findClosestPeers}, with what it cost. */
  public CompletableFuture<LookupResult> lookUp(byte[] key) {
    byte[] name = key.clone();
    return supply(
        () -> lookup(name, new KadMessage.FindNode(name), (peer, answer) -> false).start());
  }

  /**
   * Where a peer is: when it is a server, where it answered; else where others say that it is.
   *
   * @return empty when nobody knows it
   */
  public CompletableFuture<Optional<PeerInfo>> findPeer(PeerId peer) {
    return supply(() -> find(peer));
  }

  private CompletableFuture<Optional<PeerInfo>> find(PeerId peer) {
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
              Optional<PeerInfo> served = table.get(peer).map(RoutingEntry::peer);
              if (served.isPresent()) {
                return served;
              }
              List<Multiaddr> own =
                  host.connection(peer).isPresent() ? host.peers().addresses(peer) : List.of();
              List<Multiaddr> all = own.isEmpty() ? List.copyOf(named) : own;
              return all.isEmpty() ? Optional.empty() : Optional.of(new PeerInfo(peer, all));
            });
  }

  // Providers.

  /**
   * Announces that this node provides {@code key}, and again until {@link #stopProviding}.
   *
   * @return how many peers took the first announcement; fails with {@link IllegalStateException}
   *     when this node provides too much already
   */
  public CompletableFuture<Integer> provide(Multihash key) {
    return supply(
        () -> {
          if (!provided.containsKey(key) && provided.size() >= config.maxOwnKeys()) {
            return CompletableFuture.failedFuture(
                new IllegalStateException(
                    "this node provides " + provided.size() + " keys, which is the most"));
          }
          return announce(key);
        });
  }

  private CompletableFuture<Integer> announce(Multihash key) {
    provided.put(key, ticker.nanoTime() + jittered(config.republishInterval()));
    records.addProvider(
        new ProviderRecord(key, new PeerInfo(host.peerId(), addresses.get()), clock.instant()),
        RecordStore.SELF);
    byte[] name = key.toBytes();
    return lookup(name, new KadMessage.FindNode(name), (peer, answer) -> false)
        .start()
        .thenCompose(
            result ->
                sendAll(
                    result.region(), peer -> server.announcement(key, scope(peer)), answer -> true))
        .thenApply(
            stored -> {
              if (stored == 0) {
                provided.computeIfPresent(key, (same, due) -> soon());
              }
              return stored;
            });
  }

  /** When to publish again what nobody took. */
  private long soon() {
    return ticker.nanoTime() + config.checkInterval().toNanos();
  }

  /** How far the address reaches at which this node meets a peer. */
  private AddressScope scope(PeerInfo peer) {
    return host.connection(peer.id())
        .map(connection -> connection.remoteAddress().scope())
        .orElseGet(
            () ->
                peer.addresses().isEmpty() ? AddressScope.PUBLIC : peer.addresses().get(0).scope());
  }

  /** Announces {@code key} no more; others forget it when their records expire. */
  public void stopProviding(Multihash key) {
    run(
        () -> {
          provided.remove(key);
          records.removeProvider(key, host.peerId());
        });
  }

  /**
   * Finds who provides a key: asks all servers where announcements of it should be. Those that most
   * servers name come first, so that a few that lie cannot crowd out the rest.
   *
   * @param limit providers wanted, 1 or more
   */
  public CompletableFuture<List<PeerInfo>> findProviders(Multihash key, int limit) {
    return supply(
        () -> {
          FoundProviders found = foundProviders();
          return findProviders(key, found, provider -> false)
              .thenApply(result -> found.best(limit));
        });
  }

  /**
   * Finds who provides a key and tells of each provider as soon as it is named.
   *
   * @param consumer called on the executor, once for each provider
   * @return the whole look-up
   */
  public CompletableFuture<LookupResult> findProviders(Multihash key, Consumer<PeerInfo> consumer) {
    return findProvidersUntil(
        key,
        provider -> {
          consumer.accept(provider);
          return false;
        });
  }

  /**
   * Finds who provides a key until {@code enough} says so.
   *
   * @param enough called on the executor, once for each provider; whether to look no further
   * @return the look-up as far as it went
   */
  public CompletableFuture<LookupResult> findProvidersUntil(
      Multihash key, Predicate<PeerInfo> enough) {
    return supply(() -> findProviders(key, foundProviders(), enough));
  }

  private FoundProviders foundProviders() {
    return new FoundProviders(config.maxProviders(), random);
  }

  private CompletableFuture<LookupResult> findProviders(
      Multihash key, FoundProviders found, Predicate<PeerInfo> enough) {
    boolean[] done = new boolean[1];
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

  // Values.

  /**
   * Stores a value with the closest servers, and again now and then.
   *
   * @return fails with {@link ProtocolViolationException} when it is not valid for the key, with
   *     {@link IllegalArgumentException} when key or value are too long for a message, with {@link
   *     IllegalStateException} when this node has a better one, and with {@link
   *     PeerUnavailableException} when nobody took it; it is published again all the same
   */
  public CompletableFuture<Void> putValue(byte[] key, byte[] value) {
    byte[] name = key.clone();
    byte[] content = value.clone();
    return supply(
        () -> {
          if (name.length > config.wire().maxKeyLength()
              || content.length > config.wire().maxValueLength()) {
            return CompletableFuture.failedFuture(
                new IllegalArgumentException(
                    "a key of "
                        + name.length
                        + " or a value of "
                        + content.length
                        + " bytes is too long"));
          }
          try {
            validator.validate(name, content);
          } catch (ProtocolViolationException e) {
            return CompletableFuture.failedFuture(e);
          }
          Optional<ValueRecord> present = records.value(name);
          if (present.isPresent()
              && !Arrays.equals(present.get().value(), content)
              && validator.select(name, List.of(present.get().value(), content)) == 0) {
            return CompletableFuture.failedFuture(
                new IllegalStateException("a better value of this key is known"));
          }
          if (!published.containsKey(new Name(name)) && published.size() >= config.maxOwnKeys()) {
            return CompletableFuture.failedFuture(
                new IllegalStateException(
                    "this node publishes " + published.size() + " values, which is the most"));
          }
          records.putValue(new ValueRecord(name, content, clock.instant()), RecordStore.SELF);
          return publish(name)
              .thenCompose(
                  stored ->
                      stored > 0
                          ? CompletableFuture.completedFuture(null)
                          : CompletableFuture.failedFuture(
                              new PeerUnavailableException("no server took the value")));
        });
  }

  private CompletableFuture<Integer> publish(byte[] name) {
    published.put(new Name(name), ticker.nanoTime() + jittered(config.republishInterval()));
    return lookup(name, new KadMessage.FindNode(name), (peer, answer) -> false)
        .start()
        .thenCompose(
            result -> {
              Optional<ValueRecord> own = records.value(name);
              return own.isEmpty()
                  ? CompletableFuture.completedFuture(0)
                  : sendAll(
                      result.region(),
                      peer -> new KadMessage.PutValue(own.get()),
                      answer ->
                          answer.message().isPresent()
                              && answer.message().get() instanceof KadMessage.ValueStored stored
                              && Arrays.equals(stored.record().value(), own.get().value()));
            })
        .thenApply(
            stored -> {
              if (stored == 0) {
                published.computeIfPresent(new Name(name), (same, due) -> soon());
              }
              return stored;
            });
  }

  /**
   * The best valid value of a key. Servers that should have it but have a worse one or none are
   * sent the best one.
   *
   * @param quorum servers that must have sent a valid value before the look-up ends early; 0 to ask
   *     all that may have one
   */
  public CompletableFuture<Optional<byte[]>> getValue(byte[] key, int quorum) {
    byte[] name = key.clone();
    return supply(() -> new ValueSearch(name, quorum).start());
  }

  /** One look-up of a value. */
  private final class ValueSearch {
    private final byte[] name;
    private final int quorum;
    private final Map<PeerId, Optional<byte[]>> heard = new LinkedHashMap<>();
    private byte @Nullable [] best;
    private int valid;

    ValueSearch(byte[] name, int quorum) {
      this.name = name;
      this.quorum = quorum;
    }

    CompletableFuture<Optional<byte[]>> start() {
      records.value(name).ifPresent(own -> best = own.value());
      return lookup(name, new KadMessage.GetValue(name), this::read)
          .start()
          .thenApply(
              result -> {
                if (best == null) {
                  return Optional.empty();
                }
                byte[] chosen = best;
                correct(result, chosen);
                return Optional.of(chosen.clone());
              });
    }

    private boolean read(PeerInfo from, KadMessage.Response answer) {
      if (!(answer instanceof KadMessage.Value value)) {
        return false;
      }
      if (value.record().isEmpty()) {
        heard.put(from.id(), Optional.empty());
        return false;
      }
      ValueRecord record = value.record().get();
      try {
        if (!Arrays.equals(record.key(), name)) {
          throw new ProtocolViolationException("sends a value of another key");
        }
        validator.validate(name, record.value());
      } catch (ProtocolViolationException e) {
        // It may have expired since it was stored there, so this is not held against the peer.
        LOG.debug("{} has no valid value: {}", from.id(), e.getMessage());
        heard.put(from.id(), Optional.empty());
        return false;
      }
      byte[] content = record.value();
      heard.put(from.id(), Optional.of(content));
      valid++;
      if (best == null || validator.select(name, List.of(best, content)) == 1) {
        best = content;
      }
      return quorum > 0 && valid >= quorum;
    }

    /** Sends the best value to those among the closest that do not have it. */
    private void correct(LookupResult result, byte[] chosen) {
      List<PeerInfo> stale = new ArrayList<>();
      for (PeerInfo peer : result.closest()) {
        Optional<byte[]> has = heard.getOrDefault(peer.id(), Optional.of(chosen));
        if (has.isEmpty() || !Arrays.equals(has.get(), chosen)) {
          stale.add(peer);
        }
      }
      ValueRecord record = new ValueRecord(name, chosen, clock.instant());
      sendAll(stale, peer -> new KadMessage.PutValue(record), answer -> true)
          .thenAccept(sent -> LOG.debug("{} of {} stale holders corrected", sent, stale.size()));
    }
  }

  // Publishing.

  private void publishDue() {
    long now = ticker.nanoTime();
    for (Map.Entry<Multihash, Long> key : List.copyOf(provided.entrySet())) {
      if (publishing < MAX_PUBLISHING && now - key.getValue() >= 0) {
        track(announce(key.getKey()));
      }
    }
    for (Map.Entry<Name, Long> key : List.copyOf(published.entrySet())) {
      if (publishing < MAX_PUBLISHING && now - key.getValue() >= 0) {
        if (records.value(key.getKey().bytes()).isEmpty()) {
          published.remove(key.getKey());
        } else {
          track(publish(key.getKey().bytes()));
        }
      }
    }
  }

  private void track(CompletableFuture<Integer> publication) {
    publishing++;
    publication.whenComplete(
        (peers, error) -> {
          publishing--;
          if (running && error == null) {
            publishDue();
          }
        });
  }

  /**
   * Sends each peer a request of its own.
   *
   * @return done, never failed, with how many answers were good
   */
  private CompletableFuture<Integer> sendAll(
      List<PeerInfo> peers,
      Function<PeerInfo, KadMessage.Request> request,
      Predicate<KadExchange.Answer> isGood) {
    List<CompletableFuture<Integer>> sent = new ArrayList<>(peers.size());
    for (PeerInfo peer : peers) {
      sent.add(
          requests
              .ask(request.apply(peer), peer)
              .handle((answer, error) -> error == null && isGood.test(answer) ? 1 : 0));
    }
    return CompletableFuture.allOf(sent.toArray(CompletableFuture<?>[]::new))
        .thenApply(all -> sent.stream().mapToInt(CompletableFuture::join).sum());
  }

  // What it looks like.

  /** The state of things now. */
  public CompletableFuture<KadStatus> status() {
    return supply(
        () ->
            CompletableFuture.completedFuture(
                new KadStatus(
                    mode,
                    table.size(),
                    Arrays.stream(table.bucketSizes()).boxed().toList(),
                    keeper.networkSize(),
                    provided.size(),
                    records.providerCount(),
                    records.valueCount(),
                    keeper.watch().violations())));
  }

  /** The peers in the routing table, those that share least of their key with this node first. */
  public CompletableFuture<List<PeerInfo>> routingTable() {
    return supply(
        () ->
            CompletableFuture.completedFuture(
                table.all().stream().map(RoutingEntry::peer).toList()));
  }

  private <T> CompletableFuture<T> supply(Supplier<CompletableFuture<T>> action) {
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      executor.execute(
          () -> {
            if (!running) {
              result.completeExceptionally(new IllegalStateException("the DHT is not running"));
              return;
            }
            CompletableFuture<T> begun;
            try {
              begun = action.get();
            } catch (RuntimeException e) {
              begun = CompletableFuture.failedFuture(e);
            }
            begun.whenComplete(
                (value, error) -> {
                  if (error != null) {
                    result.completeExceptionally(error);
                  } else {
                    result.complete(value);
                  }
                });
          });
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(e);
    }
    return result;
  }

  private void run(Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("the DHT has too much to do, or was closed");
    }
  }
}
