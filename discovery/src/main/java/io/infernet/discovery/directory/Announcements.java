package io.infernet.discovery.directory;

import io.infernet.discovery.kad.KadDht;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.multiformats.Multihash;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this node in the DHT: as provider of each manifest that it serves, and with its record
 * under its id. What reached nobody, as at a start, is said again soon. Used on the executor.
 */
final class Announcements {

  private static final Logger LOG = LoggerFactory.getLogger(Announcements.class);

  /** Look-ups at once for the manifests of a node that serves many. */
  private static final int MAX_AT_ONCE = 4;

  /** Part of the interval by which it varies each way. */
  private static final double JITTER = 0.2;

  private final KadDht dht;
  private final OwnRecord own;
  private final DirectoryConfig.Announcing config;
  private final EventTimer events;
  private final Clock clock;
  private final RandomGenerator random;

  /** What is announced, and whether anybody knows it. */
  private final Map<Multihash, State> manifests = new LinkedHashMap<>();

  private boolean running;
  private Scheduler.Cancellable retryTimer = () -> {};
  private Scheduler.Cancellable recordTimer = () -> {};
  private int failures;
  private OwnRecord.@Nullable Substance put;
  private Instant lastPut = Instant.EPOCH;
  private int failedPuts;

  private enum State {
    WAITING,
    UNDER_WAY,
    KNOWN
  }

  Announcements(
      KadDht dht,
      OwnRecord own,
      DirectoryConfig.Announcing config,
      EventTimer events,
      Clock clock,
      RandomGenerator random) {
    this.dht = dht;
    this.own = own;
    this.config = config;
    this.events = events;
    this.clock = clock;
    this.random = random;
  }

  void start() {
    running = true;
    changed();
    putRecord();
  }

  /** Something may have changed. */
  void changed() {
    if (!running) {
      return;
    }
    Set<Multihash> served = new LinkedHashSet<>();
    own.capabilities().models().forEach(offer -> served.add(offer.manifest().hash()));
    manifests
        .keySet()
        .removeIf(
            manifest -> {
              boolean gone = !served.contains(manifest);
              if (gone) {
                dht.stopProviding(manifest);
              }
              return gone;
            });
    served.forEach(manifest -> manifests.putIfAbsent(manifest, State.WAITING));
    provideNext();
    if (put != null && !own.substance().equals(put)) {
      Duration since = Duration.between(lastPut, clock.instant());
      putLater(config.changeInterval().minus(since));
    }
  }

  /** A peer has connected: now somebody may take what nobody took. */
  void connected() {
    if (!running) {
      return;
    }
    if (failures > 0) {
      failures = 0;
      provideLater();
    }
    if (failedPuts > 0) {
      failedPuts = 0;
      putLater(config.firstRetry());
    }
  }

  // Provider records: the DHT repeats them by itself once it has them.

  private void provideNext() {
    long underWay = manifests.values().stream().filter(s -> s == State.UNDER_WAY).count();
    for (Map.Entry<Multihash, State> entry : manifests.entrySet()) {
      if (underWay >= MAX_AT_ONCE) {
        return;
      }
      if (entry.getValue() == State.WAITING) {
        entry.setValue(State.UNDER_WAY);
        underWay++;
        provide(entry.getKey());
      }
    }
  }

  private void provide(Multihash manifest) {
    dht.provide(manifest)
        .whenComplete(
            (peers, error) -> events.run(() -> provided(manifest, error == null && peers > 0)));
  }

  private void provided(Multihash manifest, boolean known) {
    if (!running) {
      return;
    }
    manifests.computeIfPresent(manifest, (key, state) -> known ? State.KNOWN : State.WAITING);
    if (known) {
      failures = 0;
      provideNext();
    } else {
      LOG.debug("nobody took the provider record of {}", manifest);
      failures++;
      provideLater();
    }
  }

  private void provideLater() {
    retryTimer.cancel();
    retryTimer = events.later(backoff(failures), this::provideAgain);
  }

  private void provideAgain() {
    if (running) {
      provideNext();
    }
  }

  private Duration backoff(int count) {
    Duration wait = config.firstRetry().multipliedBy(1L << Math.min(Math.max(0, count - 1), 10));
    return wait.compareTo(config.changeInterval()) < 0 ? wait : config.changeInterval();
  }

  // The record itself.

  private void putLater(Duration wait) {
    recordTimer.cancel();
    recordTimer = events.later(wait, this::putRecord);
  }

  private void putRecord() {
    if (!running) {
      return;
    }
    put = own.substance();
    lastPut = clock.instant();
    double factor = 1 - JITTER + 2 * JITTER * random.nextDouble();
    putLater(Duration.ofNanos((long) (config.interval().toNanos() * factor)));
    SignedCapability record = own.current();
    dht.putValue(CapabilityValidator.key(record.record().peer()), record.envelope().toBytes())
        .whenComplete((done, error) -> events.run(() -> putDone(error)));
  }

  private void putDone(@Nullable Throwable error) {
    if (!running) {
      return;
    }
    if (error == null) {
      failedPuts = 0;
      changed();
    } else {
      LOG.debug("nobody took this node's record: {}", error.getMessage());
      failedPuts++;
      putLater(backoff(failedPuts));
    }
  }

  void close() {
    running = false;
    retryTimer.cancel();
    recordTimer.cancel();
    manifests.keySet().forEach(dht::stopProviding);
    manifests.clear();
  }
}
