package io.infernet.discovery.directory;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The newest record of each peer, from whatever way it came. Bounded: when it is full, hearsay
 * makes room for heartbeats, and both for what a peer told on its own connection. Among equals the
 * source that brought most must give way to one that brought fewer, and otherwise who is there
 * stays: nobody can push real peers out with invented ones. Safe from any thread.
 */
public final class CapabilityTable {

  /** What became of a record. */
  public enum Outcome {
    ADDED,
    /** The very same record was there. */
    KNOWN,
    /** A newer record was there, or another of the same sequence number. */
    STALE,
    /** Its time is over. */
    EXPIRED,
    /** Its time has not come: a clock is wrong. */
    FROM_THE_FUTURE,
    /** No honest peer can have taken it for a record of now. */
    ABSURD,
    /** Not signed by the peer that it is about. */
    FORGED,
    /** Of another network. */
    FOREIGN,
    /** There is no room for it, or its source has told enough. */
    NO_ROOM
  }

  /** How a record came; later ones count more. */
  public enum Way {
    /** Another peer's answer. */
    HEARSAY,
    /** Gossip of the peer itself. */
    HEARTBEAT,
    /** The peer itself, on its own connection. */
    DIRECT
  }

  private final NetworkName network;
  private final DirectoryConfig.Table config;
  private final Map<PeerId, Entry> entries = new LinkedHashMap<>();

  /** How many entries each source brought, by way. */
  private final Map<Share, Integer> shares = new LinkedHashMap<>();

  private record Share(Way way, PeerId source) {}

  private record Entry(SignedCapability signed, Share share, Optional<Duration> latency) {
    CapabilityRecord record() {
      return signed.record();
    }
  }

  public CapabilityTable(DirectoryConfig config) {
    this.network = config.network();
    this.config = config.table();
  }

  /**
   * Takes a record if it is genuine, fresh and new.
   *
   * @param source the authenticated peer that brought it
   */
  public Outcome add(SignedCapability signed, Way way, PeerId source, Instant now) {
    CapabilityRecord record = signed.record();
    if (!record.network().equals(network)) {
      return Outcome.FOREIGN;
    }
    if (isExpired(record, now)) {
      return Outcome.EXPIRED;
    }
    Optional<Outcome> old = present(signed, way, source);
    if (old.isPresent()) {
      return old.get();
    }
    // The costly check comes last, and outside the lock.
    if (!signed.isSignedByPeer()) {
      return Outcome.FORGED;
    }
    if (record.timestamp().isAfter(now.plus(config.maxFuture()))) {
      return record.timestamp().isAfter(now.plus(config.absurdFuture()))
          ? Outcome.ABSURD
          : Outcome.FROM_THE_FUTURE;
    }
    return insert(signed, new Share(way, source), now);
  }

  /** What becomes of a record that is not newer than the one that is there. */
  private synchronized Optional<Outcome> present(SignedCapability signed, Way way, PeerId source) {
    Entry present = entries.get(signed.record().peer());
    if (present == null || present.record().sequence() < signed.record().sequence()) {
      return Optional.empty();
    }
    if (!present.signed().equals(signed)) {
      return Optional.of(Outcome.STALE);
    }
    // What was hearsay may now come from the peer itself.
    put(new Entry(signed, better(present.share(), new Share(way, source)), present.latency()));
    return Optional.of(Outcome.KNOWN);
  }

  private static Share better(Share present, Share other) {
    return other.way().compareTo(present.way()) > 0 ? other : present;
  }

  private synchronized Outcome insert(SignedCapability signed, Share share, Instant now) {
    CapabilityRecord record = signed.record();
    Optional<Outcome> old = present(signed, share.way(), share.source());
    if (old.isPresent()) {
      return old.get();
    }
    Entry present = entries.get(record.peer());
    if (present == null) {
      if (share.way() == Way.HEARSAY && countOf(share) >= config.maxPerSource()) {
        return Outcome.NO_ROOM;
      }
      if (entries.size() >= config.maxRecords() && !makeRoom(share, now)) {
        return Outcome.NO_ROOM;
      }
      put(new Entry(signed, share, Optional.empty()));
    } else {
      put(new Entry(signed, better(present.share(), share), present.latency()));
    }
    return Outcome.ADDED;
  }

  private int countOf(Share share) {
    return shares.getOrDefault(share, 0);
  }

  private void put(Entry entry) {
    remove(entry.record().peer());
    entries.put(entry.record().peer(), entry);
    shares.merge(entry.share(), 1, Integer::sum);
  }

  private void remove(PeerId peer) {
    Entry removed = entries.remove(peer);
    if (removed != null) {
      shares.computeIfPresent(removed.share(), (share, count) -> count > 1 ? count - 1 : null);
    }
  }

  private boolean makeRoom(Share wanted, Instant now) {
    if (removeExpired(now)) {
      return true;
    }
    Optional<Share> victim =
        shares.keySet().stream()
            .filter(
                share ->
                    share.way().compareTo(wanted.way()) < 0
                        || (share.way() == wanted.way() && countOf(share) > countOf(wanted) + 1))
            .min(Comparator.comparing(Share::way).thenComparing(share -> -countOf(share)));
    victim
        .flatMap(
            share ->
                entries.values().stream()
                    .filter(entry -> entry.share().equals(share))
                    .min(Comparator.comparing(entry -> entry.record().timestamp())))
        .ifPresent(entry -> remove(entry.record().peer()));
    return victim.isPresent();
  }

  private boolean removeExpired(Instant now) {
    List<PeerId> expired =
        entries.values().stream()
            .map(Entry::record)
            .filter(record -> isExpired(record, now))
            .map(CapabilityRecord::peer)
            .toList();
    expired.forEach(this::remove);
    return !expired.isEmpty();
  }

  private boolean isExpired(CapabilityRecord record, Instant now) {
    return record.timestamp().plus(config.recordLifetime()).isBefore(now);
  }

  /** Notes how long {@code peer} took to answer; forgotten with its record. */
  public synchronized void measured(PeerId peer, Duration latency) {
    entries.computeIfPresent(
        peer, (id, entry) -> new Entry(entry.signed(), entry.share(), Optional.of(latency)));
  }

  /** How long {@code peer} took to answer the last time that it was asked. */
  public synchronized Optional<Duration> latency(PeerId peer) {
    return Optional.ofNullable(entries.get(peer)).flatMap(Entry::latency);
  }

  /** The fresh record of {@code peer}. */
  public synchronized Optional<CapabilityRecord> get(PeerId peer, Instant now) {
    return Optional.ofNullable(entries.get(peer))
        .map(Entry::record)
        .filter(record -> !isExpired(record, now));
  }

  /** All fresh records with their envelopes, those that were heard of last at the end. */
  public synchronized List<SignedCapability> signed(Instant now) {
    removeExpired(now);
    List<SignedCapability> fresh = new ArrayList<>(entries.size());
    entries.values().forEach(entry -> fresh.add(entry.signed()));
    return fresh;
  }

  /** All fresh records, those that were heard of last at the end. */
  public List<CapabilityRecord> all(Instant now) {
    return signed(now).stream().map(SignedCapability::record).toList();
  }

  /** The fresh records of peers that answer the query, best first. */
  public synchronized List<CapabilityRecord> find(DirectoryQuery query, Instant now) {
    return query.select(all(now), now, this::latency);
  }

  /** The fresh records of peers that serve this model, those first that have it warm. */
  public List<CapabilityRecord> providers(Cid manifest, Instant now) {
    return find(DirectoryQuery.of(manifest).atMost(Integer.MAX_VALUE), now);
  }
}
