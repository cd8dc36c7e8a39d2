package io.infernet.discovery.kad;

import io.infernet.discovery.kad.record.ProviderRecord;
import io.infernet.discovery.kad.record.RecordStore;
import io.infernet.discovery.kad.record.ValueRecord;
import io.infernet.discovery.kad.wire.KadMessage;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.multiformats.AddressScope;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Publishes what this node provides and the values that it put, and again from time to time. Runs
 * on the service's executor.
 */
final class Publisher {

  /** Own records that are published at once. */
  private static final int MAX_PUBLISHING = 4;

  private final Host host;
  private final KadConfig config;
  private final Lookups lookups;
  private final Requests requests;
  private final KadServer server;
  private final RecordStore records;
  private final Supplier<List<Multiaddr>> addresses;
  private final Clock clock;
  private final Ticker ticker;
  private final RandomGenerator random;

  /** When each is due, in the ticker's nanoseconds. */
  private final Map<Multihash, Long> provided = new LinkedHashMap<>();

  private final Map<Name, Long> published = new LinkedHashMap<>();
  private int publishing;
  private boolean closed;

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

  Publisher(
      Host host,
      KadConfig config,
      Lookups lookups,
      Requests requests,
      KadServer server,
      RecordStore records,
      Supplier<List<Multiaddr>> addresses,
      Clock clock,
      Ticker ticker,
      RandomGenerator random) {
    this.host = host;
    this.config = config;
    this.lookups = lookups;
    this.requests = requests;
    this.server = server;
    this.records = records;
    this.addresses = addresses;
    this.clock = clock;
    this.ticker = ticker;
    this.random = random;
  }

  /** Takes up what was published before the last end. */
  void load() {
    long now = ticker.nanoTime();
    for (ProviderRecord own : records.ownProviders()) {
      provided.put(own.key(), now);
    }
    for (ValueRecord own : records.ownValues()) {
      published.put(new Name(own.key()), now);
    }
  }

  /** Keys that this node provides. */
  int providedCount() {
    return provided.size();
  }

  /** Whether one more key may be provided, or this one is already. */
  boolean mayProvide(Multihash key) {
    return provided.containsKey(key) || provided.size() < config.maxOwnKeys();
  }

  /** Whether one more value may be published, or this one is already. */
  boolean mayPublish(byte[] name) {
    return published.containsKey(new Name(name)) || published.size() < config.maxOwnKeys();
  }

  /** Announces a key no more. */
  void stopProviding(Multihash key) {
    provided.remove(key);
    records.removeProvider(key, host.peerId());
  }

  /** Announces a key now, and again when it is time. */
  CompletableFuture<Integer> announce(Multihash key) {
    provided.put(key, ticker.nanoTime() + jittered(config.republishInterval()));
    records.addProvider(
        new ProviderRecord(key, new PeerInfo(host.peerId(), addresses.get()), clock.instant()),
        RecordStore.SELF);
    byte[] name = key.toBytes();
    return lookups
        .closest(name)
        .thenCompose(
            result ->
                requests.askAll(
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

  /** Publishes this node's value of a key now, and again when it is time. */
  CompletableFuture<Integer> publish(byte[] name) {
    published.put(new Name(name), ticker.nanoTime() + jittered(config.republishInterval()));
    return lookups
        .closest(name)
        .thenCompose(
            result -> {
              Optional<ValueRecord> own = records.value(name);
              return own.isEmpty()
                  ? CompletableFuture.completedFuture(0)
                  : requests.askAll(
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

  /** Publishes again what is due, a few at a time. */
  void publishDue() {
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
          if (!closed && error == null) {
            publishDue();
          }
        });
  }

  private long jittered(Duration interval) {
    return (long) (interval.toNanos() * (0.8 + 0.4 * random.nextDouble()));
  }

  void close() {
    closed = true;
  }
}
