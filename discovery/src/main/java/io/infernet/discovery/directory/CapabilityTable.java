package io.infernet.discovery.directory;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The newest record of each peer, from whatever way it came. Bounded: when it is full, hearsay
 * makes room first, oldest first; what a peer says of itself is kept over it, so that nobody can
 * push real peers out with invented ones. Safe from any thread.
 */
public final class CapabilityTable {

  /** What became of a record. */
  public enum Outcome {
    ADDED,
    /** The same record, or a newer one, was there. */
    KNOWN,
    /** Its time is over. */
    EXPIRED,
    /** Its time has not come: a clock is wrong, or it lies. */
    FROM_THE_FUTURE,
    /** Not signed by the peer that it is about. */
    FORGED,
    /** There is no room for it, or its source has told enough. */
    NO_ROOM
  }

  private final DirectoryConfig config;
  private final Map<PeerId, Entry> entries = new LinkedHashMap<>();

  private record Entry(SignedCapability signed, PeerId source) {
    boolean isHearsay() {
      return !source.equals(signed.record().peer());
    }
  }

  public CapabilityTable(DirectoryConfig config) {
    this.config = config;
  }

  /**
   * Takes a record if it is genuine, fresh and new.
   *
   * @param source the authenticated peer that told it
   */
  public Outcome add(SignedCapability signed, PeerId source, Instant now) {
    CapabilityRecord record = signed.record();
    if (isExpired(record, now)) {
      return Outcome.EXPIRED;
    }
    if (record.timestamp().isAfter(now.plus(config.maxFuture()))) {
      return Outcome.FROM_THE_FUTURE;
    }
    if (isKnown(record)) {
      return Outcome.KNOWN;
    }
    // The costly check comes last, and outside the lock.
    if (!signed.isSignedByPeer()) {
      return Outcome.FORGED;
    }
    return insert(new Entry(signed, source), now);
  }

  private synchronized boolean isKnown(CapabilityRecord record) {
    Entry present = entries.get(record.peer());
    return present != null && present.signed().record().sequence() >= record.sequence();
  }

  private synchronized Outcome insert(Entry entry, Instant now) {
    CapabilityRecord record = entry.signed().record();
    if (isKnown(record)) {
      return Outcome.KNOWN;
    }
    Entry present = entries.get(record.peer());
    if (present == null) {
      if (entry.isHearsay() && toldBy(entry.source()) >= config.maxPerSource()) {
        return Outcome.NO_ROOM;
      }
      if (entries.size() >= config.maxTable() && !makeRoom(entry, now)) {
        return Outcome.NO_ROOM;
      }
    }
    // Who told of itself once stays first-hand.
    PeerId source = present != null && !present.isHearsay() ? present.source() : entry.source();
    entries.put(record.peer(), new Entry(entry.signed(), source));
    return Outcome.ADDED;
  }

  private long toldBy(PeerId source) {
    return entries.values().stream()
        .filter(entry -> entry.isHearsay() && entry.source().equals(source))
        .count();
  }

  private boolean makeRoom(Entry wanted, Instant now) {
    if (entries.values().removeIf(entry -> isExpired(entry.signed().record(), now))) {
      return true;
    }
    Optional<Entry> victim =
        entries.values().stream()
            .filter(entry -> entry.isHearsay() || !wanted.isHearsay())
            .min(
                Comparator.comparing((Entry entry) -> !entry.isHearsay())
                    .thenComparing(entry -> entry.signed().record().timestamp()));
    victim.ifPresent(entry -> entries.remove(entry.signed().record().peer()));
    return victim.isPresent();
  }

  private boolean isExpired(CapabilityRecord record, Instant now) {
    return record.timestamp().plus(config.recordLifetime()).isBefore(now);
  }

  /** The fresh record of {@code peer}. */
  public synchronized Optional<CapabilityRecord> get(PeerId peer, Instant now) {
    return Optional.ofNullable(entries.get(peer))
        .map(entry -> entry.signed().record())
        .filter(record -> !isExpired(record, now));
  }

  /** All fresh records with their envelopes, in the order in which their peers became known. */
  public synchronized List<SignedCapability> signed(Instant now) {
    entries.values().removeIf(entry -> isExpired(entry.signed().record(), now));
    List<SignedCapability> fresh = new ArrayList<>(entries.size());
    entries.values().forEach(entry -> fresh.add(entry.signed()));
    return fresh;
  }

  /** All fresh records, in the order in which their peers became known. */
  public List<CapabilityRecord> all(Instant now) {
    return signed(now).stream().map(SignedCapability::record).toList();
  }

  /** The fresh records of peers that serve this model, those first that have it warm. */
  public List<CapabilityRecord> providers(Cid manifest, Instant now) {
    return all(now).stream()
        .filter(record -> record.offer(manifest).isPresent())
        .sorted(
            Comparator.comparing(
                record -> !record.offer(manifest).map(ModelOffer::warm).orElse(false)))
        .toList();
  }
}
