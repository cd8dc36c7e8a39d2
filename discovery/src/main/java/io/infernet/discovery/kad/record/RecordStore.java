package io.infernet.discovery.kad.record;

import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import java.util.List;
import java.util.Optional;

/**
 * What a Kademlia server keeps: provider records and values, within {@link RecordLimits}.
 *
 * <p>Each record has a source, the text of whoever is to answer for it: peers that may be one
 * operator, such as those of one IP group, have one source. When the store is full, expired records
 * go first, then those of the source that has most, but only to one that has fewer; so a flood
 * cannot push out the records of others. This node's own records have the source {@link #SELF}:
 * they neither expire nor count towards a limit, and are listed so that they can be published
 * again.
 *
 * <p>Called by one thread at a time, the DHT's; no call waits for a disk.
 */
public interface RecordStore {

  /** The source of this node's own records. */
  String SELF = "self";

  /** What came of a record. */
  enum Outcome {
    /** It is in the store now. */
    STORED,
    /** There is no room: others came first, and none of them has more than its share. */
    FULL,
    /** Its provider or source has as much in the store as one may have. */
    TOO_MUCH
  }

  /** Keeps or refreshes a provider record. */
  Outcome addProvider(ProviderRecord record, String source);

  /** The providers of a key that have not expired, those first that have been there longest. */
  List<ProviderRecord> providers(Multihash key);

  void removeProvider(Multihash key, PeerId provider);

  /** This node's own provider records. */
  List<ProviderRecord> ownProviders();

  /**
   * Keeps a value, replacing the one of the same key; the caller has validated it and selected it
   * over the present one.
   */
  Outcome putValue(ValueRecord record, String source);

  /** The value of a key, unless it has expired. */
  Optional<ValueRecord> value(byte[] key);

  void removeValue(byte[] key);

  /** This node's own values. */
  List<ValueRecord> ownValues();

  /** Drops all that has expired; to be called now and then. */
  void removeExpired();

  /** Provider records, own and expired ones included. */
  int providerCount();

  /** Values, own and expired ones included. */
  int valueCount();
}
