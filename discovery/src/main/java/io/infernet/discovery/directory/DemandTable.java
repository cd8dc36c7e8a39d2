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
 * Adds up what is asked for in vain. Each asker counts once per half-life and model; wishes decay
 * by half in that time. Bounded: when it is full, the least wanted model makes room. Safe from any
 * thread.
 */
final class DemandTable {

  /** Below this a wish is forgotten: about 7 half-lives after the only asker. */
  private static final double FORGOTTEN = 0.01;

  private final DirectoryConfig.Demands config;
  private final Map<Key, Entry> entries = new LinkedHashMap<>();

  /** By the manifest where it is known: its name is only what somebody calls it. */
  private record Key(Optional<Cid> manifest, String name) {
    static Key of(DemandSignal signal) {
      return new Key(signal.manifest(), signal.manifest().isPresent() ? "" : signal.name());
    }
  }

  private static final class Entry {
    String name = "";
    double count;
    Instant last;

    /** When each asker counted last. */
    final Map<PeerId, Instant> askers = new LinkedHashMap<>();

    Entry(Instant now) {
      last = now;
    }
  }

  DemandTable(DirectoryConfig.Demands config) {
    this.config = config;
  }

  /** Counts a signal that came now; says whether it was new. */
  synchronized boolean add(DemandSignal signal, PeerId asker, Instant now) {
    Key key = Key.of(signal);
    Entry entry = entries.get(key);
    if (entry == null) {
      if (entries.size() >= config.maxModels()) {
        makeRoom(now);
      }
      entry = new Entry(now);
      entries.put(key, entry);
    }
    Instant before = entry.askers.get(asker);
    if (before != null && before.plus(config.halfLife()).isAfter(now)) {
      return false;
    }
    entry.count = countAt(entry, now) + 1;
    entry.last = now;
    if (!signal.name().isEmpty()) {
      entry.name = signal.name();
    }
    entry.askers.remove(asker);
    entry.askers.put(asker, now);
    if (entry.askers.size() > config.maxAskers()) {
      entry.askers.remove(entry.askers.keySet().iterator().next());
    }
    return true;
  }

  /** Forgets that a model is wanted: somebody serves it now. */
  synchronized void satisfied(Cid manifest) {
    entries.remove(new Key(Optional.of(manifest), ""));
  }

  /** What is wanted, most wanted first. */
  synchronized List<Demand> list(Instant now) {
    entries.values().removeIf(entry -> countAt(entry, now) < FORGOTTEN);
    List<Demand> demands = new ArrayList<>();
    entries.forEach(
        (key, entry) ->
            demands.add(
                new Demand(
                    key.manifest(),
                    key.manifest().isPresent() ? entry.name : key.name(),
                    countAt(entry, now),
                    entry.last)));
    demands.sort(Comparator.comparing(Demand::count).reversed());
    return demands;
  }

  private double countAt(Entry entry, Instant now) {
    double halfLives =
        (double) Duration.between(entry.last, now).toMillis() / config.halfLife().toMillis();
    return entry.count * Math.pow(0.5, Math.max(0, halfLives));
  }

  private void makeRoom(Instant now) {
    entries.entrySet().stream()
        .min(Comparator.comparing(entry -> countAt(entry.getValue(), now)))
        .ifPresent(least -> entries.remove(least.getKey()));
  }
}
