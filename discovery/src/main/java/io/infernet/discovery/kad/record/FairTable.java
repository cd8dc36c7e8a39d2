package io.infernet.discovery.kad.record;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Entries of bounded weight that several sources share fairly. When a new one does not fit, the
 * oldest of the heaviest source gives way, but only to a source that is lighter even with the new
 * one: a flood ends at the first entry that would make its source the heaviest.
 *
 * <p>Entries of {@link RecordStore#SELF} have no weight and do not expire.
 *
 * <p>Adding and removing costs the logarithm of the number of sources.
 *
 * @param <K> names an entry
 * @param <V> what it holds
 */
final class FairTable<K, V> {

  private final long maxWeight;
  private final Duration lifetime;
  private final Consumer<Entry<K, V>> removed;

  /** Those of others, longest not refreshed first, so that the expired ones are in front. */
  private final Map<K, Entry<K, V>> others = new LinkedHashMap<>(2);

  private final Map<K, Entry<K, V>> own = new LinkedHashMap<>(2);
  private final Map<String, Source<K, V>> sources = new HashMap<>(2);
  private final TreeSet<Source<K, V>> heaviestFirst =
      new TreeSet<>(
          Comparator.comparingLong((Source<K, V> source) -> -source.weight)
              .thenComparing(source -> source.name));
  private long weight;

  /** One entry; changes in place when it is refreshed. */
  static final class Entry<K, V> {
    final K key;
    V value;
    Instant received;
    long weight;
    String source;

    Entry(K key, V value, Instant received, long weight, String source) {
      this.key = key;
      this.value = value;
      this.received = received;
      this.weight = weight;
      this.source = source;
    }

    boolean isOwn() {
      return source.equals(RecordStore.SELF);
    }
  }

  private static final class Source<K, V> {
    final String name;
    final Set<Entry<K, V>> entries = new LinkedHashSet<>(2);
    long weight;

    Source(String name) {
      this.name = name;
    }
  }

  /**
   * @param maxWeight of all entries of others
   * @param removed hears of the entries that are removed, whatever the reason
   */
  FairTable(long maxWeight, Duration lifetime, Consumer<Entry<K, V>> removed) {
    this.maxWeight = maxWeight;
    this.lifetime = lifetime;
    this.removed = removed;
  }

  /** The entry of that key, expired or not. */
  @Nullable Entry<K, V> get(K key) {
    Entry<K, V> entry = own.get(key);
    return entry == null ? others.get(key) : entry;
  }

  boolean isExpired(Entry<K, V> entry, Instant now) {
    return !entry.isOwn() && !now.isBefore(entry.received.plus(lifetime));
  }

  /** What others' entries of one source weigh. */
  long weightOf(String source) {
    Source<K, V> present = sources.get(source);
    return present == null ? 0 : present.weight;
  }

  /**
   * Adds an entry whose key is not in the table.
   *
   * @return null when there is no room for it
   */
  @Nullable Entry<K, V> add(K key, V value, Instant received, long entryWeight, String source) {
    Entry<K, V> entry = new Entry<>(key, value, received, entryWeight, source);
    if (!entry.isOwn() && !makeRoom(entryWeight, source)) {
      return null;
    }
    insert(entry);
    return entry;
  }

  /**
   * Replaces what an entry holds and refreshes it.
   *
   * @return whether there is room for the new weight; if not, the entry stays as it was
   */
  boolean refresh(Entry<K, V> entry, V value, Instant received, long entryWeight, String source) {
    extract(entry);
    boolean fits = source.equals(RecordStore.SELF) || makeRoom(entryWeight, source);
    if (fits) {
      entry.value = value;
      entry.received = received;
      entry.weight = entryWeight;
      entry.source = source;
    }
    insert(entry);
    return fits;
  }

  /** Removes an entry of the table. */
  void remove(Entry<K, V> entry) {
    extract(entry);
    removed.accept(entry);
  }

  void removeExpired(Instant now) {
    while (!others.isEmpty()) {
      Entry<K, V> oldest = first(others.values());
      if (!isExpired(oldest, now)) {
        return;
      }
      remove(oldest);
    }
  }

  /** What this node's own entries hold, oldest first. */
  List<V> ownValues() {
    List<V> values = new ArrayList<>(own.size());
    own.values().forEach(entry -> values.add(entry.value));
    return values;
  }

  int size() {
    return own.size() + others.size();
  }

  private boolean makeRoom(long wanted, String source) {
    while (weight + wanted > maxWeight) {
      if (heaviestFirst.isEmpty()) {
        return false;
      }
      Source<K, V> heaviest = heaviestFirst.first();
      if (heaviest.name.equals(source) || heaviest.weight <= weightOf(source) + wanted) {
        return false;
      }
      remove(first(heaviest.entries));
    }
    return true;
  }

  private void insert(Entry<K, V> entry) {
    if (entry.isOwn()) {
      own.put(entry.key, entry);
      return;
    }
    others.put(entry.key, entry);
    Source<K, V> source = sources.computeIfAbsent(entry.source, Source::new);
    heaviestFirst.remove(source);
    source.entries.add(entry);
    source.weight += entry.weight;
    weight += entry.weight;
    heaviestFirst.add(source);
  }

  private void extract(Entry<K, V> entry) {
    if (entry.isOwn()) {
      own.remove(entry.key);
      return;
    }
    others.remove(entry.key);
    Source<K, V> source = sources.get(entry.source);
    if (source == null) {
      throw new IllegalStateException("an entry without its source");
    }
    heaviestFirst.remove(source);
    source.entries.remove(entry);
    source.weight -= entry.weight;
    weight -= entry.weight;
    if (source.entries.isEmpty()) {
      sources.remove(source.name);
    } else {
      heaviestFirst.add(source);
    }
  }

  private static <E> E first(Iterable<E> elements) {
    Iterator<E> iterator = elements.iterator();
    return iterator.next();
  }
}
