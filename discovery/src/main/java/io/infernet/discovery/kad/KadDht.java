package io.infernet.discovery.kad;

import io.infernet.discovery.kad.record.RecordStore;
import io.infernet.discovery.kad.record.RecordValidator;
import io.infernet.discovery.kad.record.RoutingTableStore;
import io.infernet.discovery.kad.record.ValueRecord;
import io.infernet.discovery.kad.routing.RoutingEntry;
import io.infernet.discovery.kad.routing.RoutingTable;
import io.infernet.discovery.kad.wire.PeerCache;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.ConnectionListener;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
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

  /** How long a new connection may take to be identified before it is asked whether it serves. */
  private static final Duration IDENTIFY_GRACE = Duration.ofMillis(300);

  private static final Logger LOG = LoggerFactory.getLogger(KadDht.class);

  private final Host host;
  private final KadConfig config;
  private final RecordStore records;
  private final RecordValidator validator;
  private final Executor executor;
  private final Scheduler scheduler;
  private final Clock clock;
  private final Ticker ticker;
  private final RandomGenerator random;
  private final RoutingTable table;
  private final TableKeeper keeper;
  private final Requests requests;
  private final KadServer server;
  private final Lookups lookups;
  private final Publisher publisher;
  private final Joiner joiner;

  // On the executor only.
  private KadMode mode;
  private Scheduler.Cancellable timer = () -> {};
  private long started;
  private long refreshDue;
  private long saveDue;
  private boolean running;

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
    this.validator = validator;
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
    this.lookups =
        new Lookups(host, config, keeper, requests, records, validator, scheduler, clock, ticker);
    this.publisher =
        new Publisher(
            host, config, lookups, requests, server, records, addresses, clock, ticker, random);
    this.joiner = new Joiner(host, config, keeper, lookups, saved, clock, ticker, random);
    keeper.connect(requests, joiner::join);
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
          publisher.load();
          boolean knowsSome = joiner.load();
          started = now;
          refreshDue = now + jittered(untilRefresh());
          saveDue = now + jittered(config.saveInterval());
          timer = scheduler.schedule(nextTick(), () -> requests.later(this::tick));
          if (knowsSome || !host.connections().isEmpty()) {
            joiner.join();
          }
        });
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
          joiner.save();
          joiner.close();
          publisher.close();
          lookups.close();
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

  /** A young node that knows few looks around more often: the network may just be coming up. */
  private Duration untilRefresh() {
    Duration soon = config.checkInterval().multipliedBy(2);
    boolean isYoung = ticker.nanoTime() - started < config.refreshInterval().toNanos();
    boolean knowsFew = table.size() < 2 * config.table().bucketSize();
    return isYoung && knowsFew && soon.compareTo(config.refreshInterval()) < 0
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
    if (table.size() == 0) {
      joiner.loadAndJoin();
    }
    keeper.checkSilent();
    if (now - refreshDue >= 0) {
      refreshDue = now + jittered(untilRefresh());
      joiner.join();
    }
    if (now - saveDue >= 0) {
      saveDue = now + jittered(config.saveInterval());
      joiner.save();
    }
    publisher.publishDue();
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
    return supply(joiner::join);
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

  // Finding.

  /** The closest servers to a key that answer, nearest first; this node is not among them. */
  public CompletableFuture<List<PeerInfo>> findClosestPeers(byte[] key) {
    return lookUp(key).thenApply(LookupResult::closest);
  }

  /** As {@link #findClosestPeers}, with what it cost. */
  public CompletableFuture<LookupResult> lookUp(byte[] key) {
    byte[] name = key.clone();
    return supply(() -> lookups.closest(name));
  }

  /**
   * Where a peer is: when it is a server, where it answered; else where others say that it is.
   *
   * @return empty when nobody knows it
   */
  public CompletableFuture<Optional<PeerInfo>> findPeer(PeerId peer) {
    return supply(() -> lookups.peer(peer));
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
          if (!publisher.mayProvide(key)) {
            return CompletableFuture.failedFuture(
                new IllegalStateException(
                    "this node provides " + config.maxOwnKeys() + " keys, which is the most"));
          }
          return publisher.announce(key);
        });
  }

  /** Announces {@code key} no more; others forget it when their records expire. */
  public void stopProviding(Multihash key) {
    run(() -> publisher.stopProviding(key));
  }

  /**
   * Finds who provides a key: asks all servers where announcements of it should be. Of what each
   * names one is returned in turn, those first that most servers name, so that many that lie cannot
   * crowd out what a few know.
   *
   * @param limit providers wanted, 1 or more
   */
  public CompletableFuture<List<PeerInfo>> findProviders(Multihash key, int limit) {
    return supply(
        () -> {
          FoundProviders found = lookups.foundProviders();
          return lookups
              .providers(key, found, provider -> false)
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
    return supply(() -> lookups.providers(key, lookups.foundProviders(), enough));
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
          if (!publisher.mayPublish(name)) {
            return CompletableFuture.failedFuture(
                new IllegalStateException(
                    "this node publishes " + config.maxOwnKeys() + " values, which is the most"));
          }
          records.putValue(new ValueRecord(name, content, clock.instant()), RecordStore.SELF);
          return publisher
              .publish(name)
              .thenCompose(
                  stored ->
                      stored > 0
                          ? CompletableFuture.completedFuture(null)
                          : CompletableFuture.failedFuture(
                              new PeerUnavailableException("no server took the value")));
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
    return supply(() -> lookups.value(name, quorum));
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
                    publisher.providedCount(),
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
