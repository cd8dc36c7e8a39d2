package io.infernet.node.storage;

import io.infernet.discovery.kad.record.MemoryRecordStore;
import io.infernet.discovery.kad.record.ProviderRecord;
import io.infernet.discovery.kad.record.RecordChanges;
import io.infernet.discovery.kad.record.RecordLimits;
import io.infernet.discovery.kad.record.RecordStore;
import io.infernet.discovery.kad.record.RecordStore.Outcome;
import io.infernet.discovery.kad.record.ValueRecord;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.node.storage.StoredBytes.Head;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Keeps the records of a {@link MemoryRecordStore} on disk: reads them when it is opened, and
 * writes each change behind.
 *
 * <p>All records are in memory too, because the DHT's thread answers from them and must not wait
 * for a disk, and because sharing the room fairly needs to know them all; {@link RecordLimits} make
 * that a few tens of megabytes at most. They are soft state, which others announce again: writes
 * are not synced, and what is lost in a crash comes back within a day. This node's own records are
 * not kept: its services announce what they still have when they start.
 */
final class RocksDbRecords implements RecordChanges {

  static final String PROVIDERS = "providers";
  static final String VALUES = "values";

  private final WriteBehind writer;

  /** While the records are read, what is stored is on the disk already. */
  private boolean loading = true;

  private record Loaded<T>(T record, String source, Instant received) {}

  private RocksDbRecords(WriteBehind writer) {
    this.writer = writer;
  }

  /**
   * A store with the records that are on the disk. Entries that cannot be read, have expired or do
   * not fit the limits are removed from it.
   *
   * @throws StoreException when the disk cannot be read
   */
  static RecordStore open(RocksColumns db, WriteBehind writer, RecordLimits limits, Clock clock) {
    RocksDbRecords changes = new RocksDbRecords(writer);
    MemoryRecordStore store = new MemoryRecordStore(limits, clock, changes);
    changes.load(db, store, clock.instant());
    return store;
  }

  private void load(RocksColumns db, MemoryRecordStore store, Instant now) {
    List<Loaded<ProviderRecord>> providers = new ArrayList<>();
    db.forEach(
        PROVIDERS,
        (key, bytes) -> {
          try {
            ByteBuffer name = ByteBuffer.wrap(key);
            Multihash multihash = Multihash.decode(name);
            byte[] id = new byte[name.remaining()];
            name.get(id);
            Head head = StoredBytes.read(bytes);
            PeerInfo peer = StoredBytes.readPeer(PeerId.fromBytes(id), head.body());
            Instant received = earlier(head.time(), now);
            providers.add(
                new Loaded<>(
                    new ProviderRecord(multihash, peer, received), head.source(), received));
          } catch (IOException | ProtocolViolationException e) {
            writer.discard(PROVIDERS, key, e);
          }
        });
    List<Loaded<ValueRecord>> values = new ArrayList<>();
    db.forEach(
        VALUES,
        (key, bytes) -> {
          try {
            Head head = StoredBytes.read(bytes);
            Instant received = earlier(head.time(), now);
            byte[] value = head.body().readAllBytes();
            values.add(
                new Loaded<>(new ValueRecord(key, value, received), head.source(), received));
          } catch (IOException e) {
            writer.discard(VALUES, key, e);
          }
        });
    providers.sort(Comparator.comparing(Loaded::received));
    values.sort(Comparator.comparing(Loaded::received));
    for (Loaded<ProviderRecord> loaded : providers) {
      if (store.addProvider(loaded.record(), loaded.source()) != Outcome.STORED) {
        onProviderRemoved(loaded.record().key(), loaded.record().provider().id());
      }
    }
    for (Loaded<ValueRecord> loaded : values) {
      if (store.putValue(loaded.record(), loaded.source()) != Outcome.STORED) {
        onValueRemoved(loaded.record().key());
      }
    }
    loading = false;
    store.removeExpired();
  }

  /** A clock that was set back must not make a record live longer. */
  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }

  @Override
  public void onProviderStored(ProviderRecord record, String source) {
    if (loading) {
      return;
    }
    byte[] key = key(record.key(), record.provider().id());
    writer.write(
        PROVIDERS,
        key,
        source.equals(RecordStore.SELF)
            ? null
            : StoredBytes.write(
                record.received(),
                source,
                out -> StoredBytes.writeAddresses(record.provider().addresses(), out)));
  }

  @Override
  public void onProviderRemoved(Multihash key, PeerId provider) {
    writer.write(PROVIDERS, key(key, provider), null);
  }

  @Override
  public void onValueStored(ValueRecord record, String source) {
    if (loading) {
      return;
    }
    writer.write(
        VALUES,
        record.key(),
        source.equals(RecordStore.SELF)
            ? null
            : StoredBytes.write(record.received(), source, out -> out.write(record.value())));
  }

  @Override
  public void onValueRemoved(byte[] key) {
    writer.write(VALUES, key, null);
  }

  /** A multihash says where it ends, so the two cannot be mistaken for others. */
  private static byte[] key(Multihash key, PeerId provider) {
    byte[] first = key.toBytes();
    byte[] second = provider.toBytes();
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }
}
