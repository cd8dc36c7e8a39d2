package io.infernet.discovery.kad.record;

import io.infernet.discovery.kad.record.FairTable.Entry;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A {@link RecordStore} that forgets everything when the process ends. */
public final class MemoryRecordStore implements RecordStore {

  private final RecordLimits limits;
  private final Clock clock;
  private final RecordChanges changes;
  private final FairTable<ProviderName, ProviderRecord> providers;

  /** What {@link #providers} holds, by key. */
  private final Map<Multihash, List<Entry<ProviderName, ProviderRecord>>> byKey = new HashMap<>(2);

  /** How many keys a peer provides. */
  private final Map<PeerId, Integer> keysOf = new HashMap<>(2);

  private final FairTable<ByteBuffer, ValueRecord> values;

  private record ProviderName(Multihash key, PeerId provider) {}

  public MemoryRecordStore(RecordLimits limits, Clock clock) {
    this(limits, clock, RecordChanges.NONE);
  }

  /**
   * @param changes hears what is stored and removed
   */
  public MemoryRecordStore(RecordLimits limits, Clock clock, RecordChanges changes) {
    this.limits = limits;
    this.clock = clock;
    this.changes = changes;
    this.providers =
        new FairTable<>(limits.maxProviders(), limits.providerLifetime(), this::forget);
    this.values =
        new FairTable<>(
            limits.maxValueBytes(),
            limits.valueLifetime(),
            entry -> changes.onValueRemoved(entry.value.key()));
  }

  @Override
  public Outcome addProvider(ProviderRecord record, String source) {
    providers.removeExpired(clock.instant());
    ProviderName name = new ProviderName(record.key(), record.provider().id());
    Entry<ProviderName, ProviderRecord> present = providers.get(name);
    if (present != null) {
      if (present.isOwn() && !source.equals(SELF)) {
        return Outcome.STORED;
      }
      if (!providers.refresh(present, record, record.received(), 1, source)) {
        return Outcome.FULL;
      }
    } else {
      if (!source.equals(SELF)) {
        if (keysOf.getOrDefault(name.provider(), 0) >= limits.maxKeysPerProvider()) {
          return Outcome.TOO_MUCH;
        }
        if (!hasRoom(name, source)) {
          return Outcome.FULL;
        }
      }
      Entry<ProviderName, ProviderRecord> added =
          providers.add(name, record, record.received(), 1, source);
      if (added == null) {
        return Outcome.FULL;
      }
      byKey.computeIfAbsent(record.key(), key -> new ArrayList<>(1)).add(added);
      keysOf.merge(name.provider(), 1, Integer::sum);
    }
    changes.onProviderStored(record, source);
    return Outcome.STORED;
  }

  /** Whether the key is below its limit, or one of its providers gives way. */
  private boolean hasRoom(ProviderName name, String source) {
    List<Entry<ProviderName, ProviderRecord>> ofKey = byKey.getOrDefault(name.key(), List.of());
    if (ofKey.size() < limits.maxProvidersPerKey()) {
      return true;
    }
    Entry<ProviderName, ProviderRecord> victim = ofHeaviestSource(ofKey, source);
    if (victim == null) {
      return false;
    }
    providers.remove(victim);
    return true;
  }

  /** The newest entry of the source with most entries; null unless {@code source} stays below. */
  private static @Nullable Entry<ProviderName, ProviderRecord> ofHeaviestSource(
      List<Entry<ProviderName, ProviderRecord>> entries, String source) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    entries.forEach(entry -> counts.merge(entry.source, 1, Integer::sum));
    int atLeast = counts.getOrDefault(source, 0) + 2;
    counts.remove(SELF);
    Entry<ProviderName, ProviderRecord> victim = null;
    for (Entry<ProviderName, ProviderRecord> entry : entries) {
      int count = counts.getOrDefault(entry.source, 0);
      if (count >= atLeast) {
        victim = entry;
        atLeast = count;
      }
    }
    return victim;
  }

  private void forget(Entry<ProviderName, ProviderRecord> entry) {
    Multihash key = entry.key.key();
    PeerId provider = entry.key.provider();
    List<Entry<ProviderName, ProviderRecord>> ofKey = byKey.getOrDefault(key, List.of());
    ofKey.remove(entry);
    if (ofKey.isEmpty()) {
      byKey.remove(key);
    }
    keysOf.computeIfPresent(provider, (p, count) -> count == 1 ? null : count - 1);
    changes.onProviderRemoved(key, provider);
  }

  @Override
  public List<ProviderRecord> providers(Multihash key) {
    List<Entry<ProviderName, ProviderRecord>> ofKey = byKey.get(key);
    if (ofKey == null) {
      return List.of();
    }
    Instant now = clock.instant();
    List<ProviderRecord> found = new ArrayList<>(ofKey.size());
    for (Entry<ProviderName, ProviderRecord> entry : ofKey) {
      if (!providers.isExpired(entry, now)) {
        found.add(entry.value);
      }
    }
    return found;
  }

  @Override
  public void removeProvider(Multihash key, PeerId provider) {
    Entry<ProviderName, ProviderRecord> entry = providers.get(new ProviderName(key, provider));
    if (entry != null) {
      providers.remove(entry);
    }
  }

  @Override
  public List<ProviderRecord> ownProviders() {
    return providers.ownValues();
  }

  @Override
  public Outcome putValue(ValueRecord record, String source) {
    values.removeExpired(clock.instant());
    ByteBuffer key = ByteBuffer.wrap(record.key());
    long weight = record.size() + RecordLimits.VALUE_OVERHEAD;
    Entry<ByteBuffer, ValueRecord> present = values.get(key);
    String holder = source;
    if (present != null
        && present.isOwn()
        && Arrays.equals(present.value.value(), record.value())) {
      holder = SELF;
    }
    if (!holder.equals(SELF)) {
      long before = present != null && present.source.equals(holder) ? present.weight : 0;
      if (values.weightOf(holder) - before + weight > limits.maxValueBytesPerSource()) {
        return Outcome.TOO_MUCH;
      }
    }
    boolean stored =
        present == null
            ? values.add(key, record, record.received(), weight, holder) != null
            : values.refresh(present, record, record.received(), weight, holder);
    if (!stored) {
      return Outcome.FULL;
    }
    changes.onValueStored(record, holder);
    return Outcome.STORED;
  }

  @Override
  public Optional<ValueRecord> value(byte[] key) {
    Entry<ByteBuffer, ValueRecord> entry = values.get(ByteBuffer.wrap(key));
    return entry == null || values.isExpired(entry, clock.instant())
        ? Optional.empty()
        : Optional.of(entry.value);
  }

  @Override
  public void removeValue(byte[] key) {
    Entry<ByteBuffer, ValueRecord> entry = values.get(ByteBuffer.wrap(key));
    if (entry != null) {
      values.remove(entry);
    }
  }

  @Override
  public List<ValueRecord> ownValues() {
    return values.ownValues();
  }

  @Override
  public void removeExpired() {
    Instant now = clock.instant();
    providers.removeExpired(now);
    values.removeExpired(now);
  }

  @Override
  public int providerCount() {
    return providers.size();
  }

  @Override
  public int valueCount() {
    return values.size();
  }
}
