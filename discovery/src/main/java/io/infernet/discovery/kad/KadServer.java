package io.infernet.discovery.kad;

import io.infernet.discovery.kad.record.ProviderRecord;
import io.infernet.discovery.kad.record.RecordStore;
import io.infernet.discovery.kad.record.RecordValidator;
import io.infernet.discovery.kad.record.UnknownNamespaceException;
import io.infernet.discovery.kad.record.ValueRecord;
import io.infernet.discovery.kad.routing.IpGroup;
import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.discovery.kad.routing.RoutingEntry;
import io.infernet.discovery.kad.wire.KadCodec;
import io.infernet.discovery.kad.wire.KadMessage;
import io.infernet.discovery.kad.wire.PeerCache;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.PeerRateLimiter;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.multiformats.AddressScope;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Answers the requests of others: which peers are closest to a key, who provides it, what its value
 * is; and takes in what they announce. Runs on the service's executor.
 */
final class KadServer {

  /** Peer ids are multihashes: of 32 bytes, or with a key of up to 42 bytes within. */
  private static final int MIN_PEER_ID = 34;

  private static final int MAX_PEER_ID = 44;

  private final Host host;
  private final KadConfig config;
  private final KadCodec codec;
  private final TableKeeper keeper;
  private final Requests requests;
  private final RecordStore records;
  private final RecordValidator validator;
  private final Supplier<List<Multiaddr>> addresses;
  private final Executor executor;
  private final Clock clock;
  private final Ticker ticker;
  private final RandomGenerator random;
  private final PeerRateLimiter rate;
  private final Set<KadStreamHandler> streams = new LinkedHashSet<>();
  private final Map<PeerId, Integer> streamsOf = new LinkedHashMap<>();

  KadServer(
      Host host,
      KadConfig config,
      TableKeeper keeper,
      Requests requests,
      PeerCache cache,
      RecordStore records,
      RecordValidator validator,
      Supplier<List<Multiaddr>> addresses,
      Executor executor,
      Clock clock,
      Ticker ticker,
      RandomGenerator random) {
    this.host = host;
    this.config = config;
    this.codec = KadCodec.ofRequests(config.wire(), cache);
    this.keeper = keeper;
    this.requests = requests;
    this.records = records;
    this.validator = validator;
    this.addresses = addresses;
    this.executor = executor;
    this.clock = clock;
    this.ticker = ticker;
    this.random = random;
    this.rate = new PeerRateLimiter(config.maxRequestsPerMinute(), config.maxRatedPeers(), ticker);
  }

  // Streams.

  void accept(Stream stream) {
    PeerId peer = stream.connection().remotePeer();
    int open = streamsOf.getOrDefault(peer, 0);
    if (keeper.watch().isBanned(peer) || open >= config.maxInboundStreamsPerPeer()) {
      stream.reset();
      return;
    }
    streamsOf.put(peer, open + 1);
    MessageStream<KadMessage> messages = new MessageStream<>(stream, codec, executor);
    KadStreamHandler handler =
        new KadStreamHandler(this, messages, config.maxPendingAnswers(), ticker);
    streams.add(handler);
    stream.closed().thenRun(() -> requests.later(() -> ended(handler, peer)));
    messages.listen(handler);
    keeper.consider(stream.connection());
  }

  private void ended(KadStreamHandler handler, PeerId peer) {
    streams.remove(handler);
    streamsOf.computeIfPresent(peer, (id, n) -> n > 1 ? n - 1 : null);
  }

  /** Ends streams on which nothing was asked for long. */
  void sweep(Duration idle) {
    long now = ticker.nanoTime();
    for (KadStreamHandler handler : List.copyOf(streams)) {
      if (now - handler.lastActive() >= idle.toNanos()) {
        handler.end();
      }
    }
  }

  void close() {
    List.copyOf(streams).forEach(KadStreamHandler::end);
  }

  boolean mayAsk(PeerId peer) {
    return !keeper.watch().isBanned(peer) && rate.tryAcquire(peer);
  }

  void violated(PeerId peer, String how) {
    keeper.violated(peer, how);
  }

  // Requests.

  /**
   * Answers one request.
   *
   * @return empty when it has no answer, as with ADD_PROVIDER, or was refused for want of room
   * @throws ProtocolViolationException when the peer must not ask that
   */
  Optional<KadMessage.Response> answer(KadMessage.Request request, Connection connection)
      throws ProtocolViolationException {
    if (request instanceof KadMessage.FindNode find) {
      return Optional.of(findNode(find, connection));
    }
    if (request instanceof KadMessage.GetProviders get) {
      return Optional.of(getProviders(get, connection));
    }
    if (request instanceof KadMessage.AddProvider add) {
      addProvider(add, connection);
      return Optional.empty();
    }
    if (request instanceof KadMessage.GetValue get) {
      return Optional.of(
          new KadMessage.Value(records.value(get.key()), closer(KadKey.of(get.key()), connection)));
    }
    if (request instanceof KadMessage.PutValue put) {
      return putValue(put.record(), connection);
    }
    return Optional.of(new KadMessage.Pong());
  }

  private KadMessage.CloserPeers findNode(KadMessage.FindNode find, Connection connection) {
    byte[] key = find.key();
    List<PeerInfo> closer = closer(KadKey.of(key), connection);
    connected(key, connection).ifPresent(peer -> closer.add(0, peer));
    return new KadMessage.CloserPeers(closer);
  }

  /** The very peer that is asked for, when it is connected but in no table, as clients are. */
  private Optional<PeerInfo> connected(byte[] key, Connection asker) {
    if (key.length < MIN_PEER_ID || key.length > MAX_PEER_ID) {
      return Optional.empty();
    }
    PeerId wanted;
    try {
      wanted = PeerId.fromBytes(key);
    } catch (ProtocolViolationException e) {
      return Optional.empty(); // a key of something else
    }
    if (wanted.equals(asker.remotePeer())
        || host.connection(wanted).isEmpty()
        || keeper.table().get(wanted).isPresent()) {
      return Optional.empty();
    }
    List<Multiaddr> useful = useful(host.peers().addresses(wanted), asker.remoteAddress().scope());
    return useful.isEmpty() ? Optional.empty() : Optional.of(new PeerInfo(wanted, useful));
  }

  private KadMessage.Providers getProviders(KadMessage.GetProviders get, Connection connection) {
    AddressScope scope = connection.remoteAddress().scope();
    List<PeerInfo> providers = new ArrayList<>();
    for (ProviderRecord record : records.providers(get.key())) {
      boolean own = record.provider().id().equals(host.peerId());
      List<Multiaddr> at = own ? addresses.get() : record.provider().addresses();
      List<Multiaddr> useful = useful(at, scope);
      if (!useful.isEmpty()) {
        providers.add(new PeerInfo(record.provider().id(), useful));
      }
    }
    // Of too many each gets its turn, so that those who came first do not hide the others.
    while (providers.size() > config.maxProvidersPerAnswer()) {
      int last = providers.size() - 1;
      int out = random.nextInt(providers.size());
      providers.set(out, providers.get(last));
      providers.remove(last);
    }
    return new KadMessage.Providers(providers, closer(KadKey.of(get.key().toBytes()), connection));
  }

  private void addProvider(KadMessage.AddProvider add, Connection connection)
      throws ProtocolViolationException {
    PeerId peer = connection.remotePeer();
    for (PeerInfo provider : add.providers()) {
      if (!provider.id().equals(peer)) {
        throw new ProtocolViolationException("announces another provider than itself");
      }
    }
    if (add.providers().isEmpty() || add.providers().get(0).addresses().isEmpty()) {
      return; // nobody could dial it: it does not listen, or in a way that is not known here
    }
    ProviderRecord record = new ProviderRecord(add.key(), add.providers().get(0), clock.instant());
    requireNotTooMuch(records.addProvider(record, source(connection)));
  }

  private static void requireNotTooMuch(RecordStore.Outcome outcome)
      throws ProtocolViolationException {
    if (outcome == RecordStore.Outcome.TOO_MUCH) {
      throw new ProtocolViolationException("stores more records than one may");
    }
  }

  private Optional<KadMessage.Response> putValue(ValueRecord record, Connection connection)
      throws ProtocolViolationException {
    byte[] key = record.key();
    byte[] value = record.value();
    try {
      validator.validate(key, value);
    } catch (UnknownNamespaceException e) {
      return Optional.empty();
    }
    Optional<ValueRecord> present = records.value(key);
    if (present.isPresent()
        && validator.select(key, List.of(present.get().value(), value)) == 0
        && !Arrays.equals(present.get().value(), value)) {
      // What is kept is better. The answer says so: the sender corrects itself by it.
      return Optional.of(new KadMessage.ValueStored(present.get()));
    }
    String source = source(connection);
    RecordStore.Outcome outcome =
        records.putValue(new ValueRecord(key, value, clock.instant()), source);
    if (source.equals(connection.remotePeer().toString())) {
      requireNotTooMuch(outcome); // otherwise others of its group may have stored them
    }
    return outcome == RecordStore.Outcome.STORED
        ? Optional.of(new KadMessage.ValueStored(record))
        : Optional.empty();
  }

  /** Who answers for records: peers of one IP group together, others each for itself. */
  private static String source(Connection connection) {
    return IpGroup.of(connection.remoteAddress())
        .map(IpGroup::toString)
        .orElseGet(() -> connection.remotePeer().toString());
  }

  /** The closest peers to a key that the peer can use; never the peer itself. */
  private List<PeerInfo> closer(KadKey target, Connection asker) {
    int count = config.table().bucketSize();
    List<RoutingEntry> entries = keeper.table().closest(target, count + 1);
    AddressScope scope = asker.remoteAddress().scope();
    List<PeerInfo> closer = new ArrayList<>(count + 1);
    for (int i = 0; i < entries.size() && closer.size() < count; i++) {
      RoutingEntry entry = entries.get(i);
      PeerInfo peer = entry.peer();
      if (entry.failures() > 0 || peer.id().equals(asker.remotePeer())) {
        continue;
      }
      List<Multiaddr> useful = useful(peer.addresses(), scope);
      if (useful.size() == peer.addresses().size()) {
        closer.add(peer);
      } else if (!useful.isEmpty()) {
        closer.add(new PeerInfo(peer.id(), useful));
      }
    }
    return closer;
  }

  /** Those of a peer's addresses that somebody whose own address reaches this far may dial. */
  static List<Multiaddr> useful(List<Multiaddr> addresses, AddressScope asker) {
    if (asker == AddressScope.LOOPBACK) {
      return addresses;
    }
    List<Multiaddr> useful = new ArrayList<>(addresses.size());
    for (Multiaddr address : addresses) {
      AddressScope scope = address.scope();
      if (scope.mayBePublic() || (scope == AddressScope.PRIVATE && asker == scope)) {
        useful.add(address);
      }
    }
    return useful;
  }

  /** What a provider record of this node says to a peer. */
  KadMessage.AddProvider announcement(Multihash key, AddressScope reader) {
    return new KadMessage.AddProvider(
        key, List.of(new PeerInfo(host.peerId(), useful(addresses.get(), reader))));
  }
}
