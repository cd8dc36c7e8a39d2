package io.infernet.discovery.directory;

import io.infernet.discovery.gossip.GossipRouter;
import io.infernet.discovery.gossip.PublishResult;
import io.infernet.discovery.gossip.Subscription;
import io.infernet.discovery.kad.KadDht;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.ConnectionListener;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.PeerRateLimiter;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.peer.PrivateKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows who can run what. Each node tells by gossip every half minute what it can do (topic {@code
 * /infernet/heartbeats/1}), so that all know all; the DHT knows the providers of each model and
 * each node's record, for those who don't; and a node that has just started asks those that it
 * connects to on streams of {@code /infernet/directory/1.0.0}. What was looked for in vain is told
 * on {@code /infernet/demand/1}, work is offered on {@code /infernet/offers/1}. In a network with
 * another name than {@code main} that name comes after {@code /infernet}.
 *
 * <p>A record counts only with the signature of the peer that it is about. Public methods are safe
 * from any thread; its owner starts and closes it, and starts and closes gossip and the DHT around
 * it.
 */
public final class Directory implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Directory.class);

  private static final String QUERY_PROTOCOL = "directory/1.0.0";

  /** How often and how long a search waits for this node to join the DHT: about a second. */
  private static final int DHT_TRIES = 10;

  private static final Duration DHT_PAUSE = Duration.ofMillis(100);

  /** Shortest time between warnings of clocks. */
  private static final Duration CLOCK_WARNINGS = Duration.ofMinutes(10);

  private final Host host;
  private final KadDht dht;
  private final CapabilityTable table;
  private final DirectoryConfig config;
  private final DirectoryCodec codec;
  private final Executor executor;
  private final Scheduler scheduler;
  private final Clock clock;
  private final RandomGenerator random;
  private final ProtocolId protocol;
  private final PeerRateLimiter queryRate;
  private final EventTimer events;
  private final OwnRecord own;
  private final Distrust distrust;
  private final PeerQueries queries;
  private final Heartbeats heartbeats;
  private final Announcements announcements;
  private final Demands demands;
  private final Offers offers;

  // Owned by the executor.
  /** Connected peers that were asked after they connected, each with when that has ended. */
  private final Map<PeerId, CompletableFuture<Void>> asked = new LinkedHashMap<>();

  private final Map<Cid, ProviderSearch> searches = new LinkedHashMap<>();

  /** Models that were searched for in vain since a peer connected last, each with when. */
  private final Map<Cid, Instant> missed = new LinkedHashMap<>();

  private int askedForAll;
  private Instant warnedOfClocks = Instant.EPOCH;
  private Scheduler.Cancellable careTimer = () -> {};
  private boolean running;

  /**
   * @param key signs this node's record
   * @param capabilities what this node can do now; called on the executor and must not block
   * @param addresses where peers reach this node, without {@code /p2p}; called likewise
   * @param table where records go; may have other sources too
   * @param executor the service's event thread
   * @param random used on the executor alone
   */
  public Directory(
      Host host,
      PrivateKey key,
      Supplier<Capabilities> capabilities,
      Supplier<List<Multiaddr>> addresses,
      CapabilityTable table,
      GossipRouter gossip,
      KadDht dht,
      DirectoryConfig config,
      Executor executor,
      Scheduler scheduler,
      Clock clock,
      Ticker ticker,
      RandomGenerator random) {
    this.host = host;
    this.dht = dht;
    this.table = table;
    this.config = config;
    this.codec = new DirectoryCodec(config.limits());
    this.executor = executor;
    this.scheduler = scheduler;
    this.clock = clock;
    this.random = random;
    this.events = new EventTimer(executor, scheduler);
    this.protocol = config.network().protocol(QUERY_PROTOCOL);
    this.queryRate = rate(config.asking().maxPerMinute(), ticker);
    this.own = new OwnRecord(key, capabilities, addresses, config, codec, clock);
    this.distrust =
        new Distrust(config.asking().distrust(), config.asking().maxDistrusted(), ticker);
    this.queries =
        new PeerQueries(
            host,
            protocol,
            codec,
            config,
            table,
            this::learn,
            distrust,
            executor,
            scheduler,
            ticker);
    this.heartbeats =
        new Heartbeats(
            new GossipTopic<>(
                config.network().topic("heartbeats/1"),
                DirectoryMessage.Heartbeat.class,
                gossip,
                codec,
                rate(config.heartbeats().maxPerMinute(), ticker)),
            own,
            this::learn,
            config.heartbeats(),
            events,
            clock,
            random);
    this.announcements = new Announcements(dht, own, config.announcing(), events, clock, random);
    this.demands =
        new Demands(
            host.peerId(),
            new GossipTopic<>(
                config.network().topic("demand/1"),
                DirectoryMessage.Demand.class,
                gossip,
                codec,
                rate(config.demands().maxPerMinute(), ticker)),
            config,
            clock);
    this.offers =
        new Offers(
            new GossipTopic<>(
                config.network().topic("offers/1"),
                DirectoryMessage.Offer.class,
                gossip,
                codec,
                rate(config.offers().maxPerMinute(), ticker)),
            own,
            config.offers(),
            this::run,
            clock);
  }

  /** Remembers as many peers as there may be records. */
  private PeerRateLimiter rate(int perMinute, Ticker ticker) {
    return new PeerRateLimiter(perMinute, config.table().maxRecords(), ticker);
  }

  /** Begins to answer, to ask and to tell. */
  public void start() {
    run(
        () -> {
          running = true;
          host.handle(protocol, this::onStream);
          host.addConnectionListener(
              new ConnectionListener() {
                @Override
                public void onConnected(Connection connection) {
                  run(() -> connected(connection.remotePeer()));
                }

                @Override
                public void onDisconnected(Connection connection) {
                  run(() -> disconnected(connection.remotePeer()));
                }
              });
          connectedPeers().forEach(this::greet);
          demands.start();
          offers.start();
          heartbeats.start();
          announcements.start();
          careLater();
        });
  }

  // What is known.

  /** The fresh records of others that serve this model, those first that have it warm. */
  public List<CapabilityRecord> providers(Cid manifest) {
    return withoutSelf(table.providers(manifest, clock.instant()));
  }

  /** The fresh records of others that answer the query, best first, as far as they are known. */
  public List<CapabilityRecord> known(DirectoryQuery query) {
    return withoutSelf(table.find(query, clock.instant()));
  }

  /** All fresh records of others. */
  public List<CapabilityRecord> all() {
    return withoutSelf(table.all(clock.instant()));
  }

  private List<CapabilityRecord> withoutSelf(List<CapabilityRecord> records) {
    return records.stream().filter(record -> !record.peer().equals(host.peerId())).toList();
  }

  /** The fresh record of one peer. */
  public Optional<CapabilityRecord> get(PeerId peer) {
    return table.get(peer, clock.instant());
  }

  /** How long the peer took to answer the last time that it was asked, if it was. */
  public Optional<Duration> latency(PeerId peer) {
    return table.latency(peer);
  }

  /** What is wanted and served by nobody, most wanted first. */
  public List<Demand> demand() {
    return demands.list();
  }

  // What is searched for.

  /**
   * Finds who answers the query: at once when that is known, else by asking connected peers and the
   * DHT. When nobody is found, others hear that the model is wanted.
   *
   * @return never failed; empty when there is nobody
   */
  public CompletableFuture<List<CapabilityRecord>> find(DirectoryQuery query) {
    CompletableFuture<List<CapabilityRecord>> answer = new CompletableFuture<>();
    try {
      executor.execute(() -> find(query, answer));
    } catch (RejectedExecutionException e) {
      answer.complete(known(query));
    }
    return answer;
  }

  private void find(DirectoryQuery query, CompletableFuture<List<CapabilityRecord>> answer) {
    List<CapabilityRecord> known = known(query);
    ProviderSearch search = searches.get(query.manifest());
    if (!known.isEmpty() || !running) {
      answer.complete(known);
    } else if (search != null) {
      search.await(query, answer);
    } else if (wasMissed(query.manifest()) || searches.size() >= config.asking().maxSearches()) {
      wantedInVain(query);
      answer.complete(known);
    } else {
      ProviderSearch begun =
          new ProviderSearch(query.manifest(), config.asking().maxProviders(), this::known);
      begun.await(query, answer);
      begin(begun);
    }
  }

  /** Tells others if there are any, unless there are providers, such as dear or busy ones. */
  private void wantedInVain(DirectoryQuery query) {
    if (running && !host.connections().isEmpty() && providers(query.manifest()).isEmpty()) {
      demands.missed(query);
    }
  }

  private boolean wasMissed(Cid manifest) {
    Instant since = clock.instant().minus(config.asking().missLifetime());
    missed.values().removeIf(at -> at.isBefore(since));
    return missed.containsKey(manifest);
  }

  private void begin(ProviderSearch search) {
    searches.put(search.manifest(), search);
    events.later(config.asking().searchTimeout(), () -> end(search));
    search.begun();
    // What was asked already may bring it.
    List<PeerId> neighbours = new ArrayList<>();
    for (PeerId peer : connectedPeers()) {
      CompletableFuture<Void> greeting = asked.get(peer);
      if (greeting != null && !greeting.isDone()) {
        part(search, greeting);
      } else {
        neighbours.add(peer);
      }
    }
    shuffle(neighbours);
    neighbours.stream()
        .limit(config.asking().newcomerAsks())
        .forEach(peer -> part(search, queries.askProviders(peer, search.manifest())));
    part(search, askDht(search, connectedPeers().isEmpty() ? 0 : DHT_TRIES));
    if (search.done()) {
      end(search);
    }
  }

  /** Waits for the DHT first where this node has only just connected and not joined it yet. */
  private CompletableFuture<Void> askDht(ProviderSearch search, int tries) {
    return dht.status()
        .thenCompose(
            status -> {
              if (status.peers() > 0 || tries == 0) {
                return dht.findProviders(
                        search.manifest().hash(),
                        provider -> run(() -> onProvider(search, provider)))
                    .thenAccept(
                        result ->
                            LOG.debug(
                                "{} servers of the DHT were asked for {}",
                                result.stats().asked(),
                                search.manifest()));
              }
              CompletableFuture<Void> pause = new CompletableFuture<>();
              scheduler.schedule(DHT_PAUSE, () -> pause.complete(null));
              return pause.thenCompose(over -> askDht(search, tries - 1));
            });
  }

  private void onProvider(ProviderSearch search, PeerInfo provider) {
    if (provider.id().equals(host.peerId()) || !search.mayAsk(provider)) {
      return;
    }
    host.peers().addAddresses(provider.id(), RecordAddresses.worthTrying(provider.addresses()));
    part(
        search,
        queries
            .askItself(provider.id())
            .exceptionallyCompose(error -> readFromDht(provider.id(), error)));
  }

  /** A provider that cannot be asked may have put a record that is fresh enough. */
  private CompletableFuture<Void> readFromDht(PeerId peer, Throwable why) {
    LOG.debug("{} cannot be asked what it serves: {}", peer, why.getMessage());
    return dht.getValue(CapabilityValidator.key(peer), 1)
        .thenAccept(
            value ->
                value.ifPresent(
                    bytes -> {
                      try {
                        learn(
                            codec.decodeRecord(bytes), CapabilityTable.Way.HEARSAY, host.peerId());
                      } catch (ProtocolViolationException e) {
                        LOG.debug("the DHT's record of {}: {}", peer, e.getMessage());
                      }
                    }));
  }

  /** Waits for something that may bring an answer; however it ends. */
  private void part(ProviderSearch search, CompletableFuture<?> future) {
    search.begun();
    future.whenComplete(
        (ok, error) ->
            run(
                () -> {
                  if (search.done()) {
                    end(search);
                  }
                }));
  }

  private void end(ProviderSearch search) {
    searches.remove(search.manifest(), search);
    List<DirectoryQuery> vain = search.end();
    if (!vain.isEmpty() && missed.size() < config.demands().maxModels()) {
      missed.put(search.manifest(), clock.instant());
    }
    vain.forEach(this::wantedInVain);
  }

  // What is told.

  /** Says that {@code capabilities} has changed; others are told soon. */
  public void changed() {
    run(
        () -> {
          heartbeats.changed();
          announcements.changed();
        });
  }

  /**
   * Offers work to everyone who serves its model.
   *
   * @return to how many peers it is being sent; they pass it on
   * @throws IllegalArgumentException when this node is not its requester, or when it has expired or
   *     will only after too long a time
   */
  public CompletableFuture<Integer> offer(JobOffer offer) {
    if (!offer.requester().equals(host.peerId())) {
      throw new IllegalArgumentException("an offer of somebody else");
    }
    return offers.publish(offer).thenApply(PublishResult::peers);
  }

  /**
   * Hears of work that this node would take by what it serves, its price and its policy.
   *
   * @param listener called on the executor, once for each offer
   */
  public Subscription onOffer(Consumer<JobOffer> listener) {
    return offers.listen(listener);
  }

  @Override
  public void close() {
    events.close();
    run(
        () -> {
          running = false;
          host.unhandle(protocol);
          careTimer.cancel();
          announcements.close();
          heartbeats.close();
          offers.close();
          demands.close();
          List.copyOf(searches.values()).forEach(this::end);
        });
  }

  /** Runs {@code task} on the executor, unless that is full or closed: all of it comes again. */
  private void run(Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("the directory is overloaded or closed");
    }
  }

  private List<PeerId> connectedPeers() {
    return host.connections().stream().map(Connection::remotePeer).distinct().toList();
  }

  private void shuffle(List<?> list) {
    Collections.shuffle(list, new Random(random.nextLong()));
  }

  // Records.

  private CapabilityTable.Outcome learn(
      SignedCapability signed, CapabilityTable.Way way, PeerId source) {
    CapabilityRecord record = signed.record();
    if (record.peer().equals(host.peerId())) {
      return CapabilityTable.Outcome.STALE;
    }
    CapabilityTable.Outcome outcome = table.add(signed, way, source, clock.instant());
    switch (outcome) {
      case ADDED -> {
        host.peers().addAddresses(record.peer(), RecordAddresses.worthTrying(record.addresses()));
        demands.satisfied(record.capabilities().models());
        run(() -> searches.values().forEach(ProviderSearch::look));
      }
      case EXPIRED, FROM_THE_FUTURE, ABSURD -> warnOfClocks(record, way);
      case FORGED, FOREIGN ->
          LOG.info("{} brought a record of {} that is {}", source, record.peer(), outcome);
      case KNOWN, STALE, NO_ROOM -> {}
    }
    return outcome;
  }

  /** What a peer says of itself is of now: otherwise a clock is wrong, and it may be this one. */
  private void warnOfClocks(CapabilityRecord record, CapabilityTable.Way way) {
    Instant now = clock.instant();
    if (way == CapabilityTable.Way.DIRECT && warnedOfClocks.plus(CLOCK_WARNINGS).isBefore(now)) {
      warnedOfClocks = now;
      LOG.warn(
          "the clocks of this machine and of {} are about {} s apart; nodes whose clocks are wrong"
              + " do not find each other",
          record.peer(),
          Duration.between(record.timestamp(), now).abs().toSeconds());
    }
  }

  // Connected peers.

  private void connected(PeerId peer) {
    if (running) {
      missed.clear();
      greet(peer);
      heartbeats.connected();
      announcements.connected();
    }
  }

  private void disconnected(PeerId peer) {
    if (host.connection(peer).isEmpty()) {
      asked.remove(peer);
    }
  }

  /** Asks a peer that has just connected: the first ones for all they know. */
  private void greet(PeerId peer) {
    if (asked.containsKey(peer)) {
      return;
    }
    boolean forAll = askedForAll < config.asking().newcomerAsks();
    askedForAll += forAll ? 1 : 0;
    asked.put(peer, log(peer, forAll ? queries.askAll(peer) : queries.askItself(peer)));
  }

  private static CompletableFuture<Void> log(PeerId peer, CompletableFuture<Void> answer) {
    return answer.exceptionally(
        error -> {
          LOG.debug("asking {}: {}", peer, error.getMessage());
          return null;
        });
  }

  private void careLater() {
    careTimer = events.later(config.asking().silence().dividedBy(3), this::care);
  }

  /** Asks connected peers whose heartbeats don't arrive. */
  private void care() {
    if (!running) {
      return;
    }
    Instant silent = clock.instant().minus(config.asking().silence());
    for (PeerId peer : connectedPeers()) {
      CompletableFuture<Void> last = asked.get(peer);
      boolean late =
          get(peer)
              .map(record -> record.timestamp().isBefore(silent))
              .orElseGet(() -> speaks(peer));
      if (late && (last == null || last.isDone())) {
        asked.put(peer, log(peer, queries.askItself(peer)));
      }
    }
    careLater();
  }

  /** Whether a peer, by its own words, can be asked. */
  private boolean speaks(PeerId peer) {
    return host.peers().metadata(peer).filter(m -> m.protocols().contains(protocol)).isPresent();
  }

  // Answering.

  private void onStream(Stream stream) {
    MessageStream<DirectoryMessage> messages = new MessageStream<>(stream, codec, executor);
    messages.listen(new DirectoryStreamHandler(this, messages));
    Scheduler.Cancellable limit = scheduler.schedule(config.asking().timeout(), stream::reset);
    stream.closed().thenRun(limit::cancel);
  }

  /** Whether that peer is answered: it has neither lied nor asked too often. */
  boolean mayAsk(PeerId peer) {
    return !distrust.of(peer) && queryRate.tryAcquire(peer);
  }

  /** Holds it against {@code peer} if it is to blame for {@code failure}. */
  void distrust(PeerId peer, Throwable failure) {
    distrust.heldAgainst(peer, failure);
  }

  /** This node's record, then those of others that fit, as many as asked for. */
  DirectoryMessage.Records answer(DirectoryMessage.Query query, PeerId asker) {
    int limit = Math.min(query.limit(), config.limits().maxRecords());
    List<SignedCapability> records = new ArrayList<>();
    records.add(own.current());
    if (limit > 1) {
      List<SignedCapability> others = new ArrayList<>();
      for (SignedCapability other : table.signed(clock.instant())) {
        CapabilityRecord record = other.record();
        if (!record.peer().equals(asker)
            && !record.peer().equals(host.peerId())
            && query.manifest().map(wanted -> record.offer(wanted).isPresent()).orElse(true)) {
          others.add(other);
        }
      }
      // Another part of them for each who asks.
      shuffle(others);
      records.addAll(others.subList(0, Math.min(others.size(), limit - 1)));
    }
    return new DirectoryMessage.Records(records);
  }
}
