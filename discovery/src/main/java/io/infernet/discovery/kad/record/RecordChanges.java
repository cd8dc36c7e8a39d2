package io.infernet.discovery.kad.record;

import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;

/** Hears of every change of a {@link MemoryRecordStore}, in order, in the thread that makes it. */
public interface RecordChanges {

  /** Hears nothing. */
  RecordChanges NONE =
      new RecordChanges() {
        @Override
        public void onProviderStored(ProviderRecord record, String source) {}

        @Override
        public void onProviderRemoved(Multihash key, PeerId provider) {}

        @Override
        public void onValueStored(ValueRecord record, String source) {}

        @Override
        public void onValueRemoved(byte[] key) {}
      };

  /** A provider record is new, or replaces that of the same key and provider. */
  void onProviderStored(ProviderRecord record, String source);

  /** A provider record was removed, has expired or gave way to others. */
  void onProviderRemoved(Multihash key, PeerId provider);

  /** A value is new, or replaces that of the same key. */
  void onValueStored(ValueRecord record, String source);

  /** A value was removed, has expired or gave way to others. */
  void onValueRemoved(byte[] key);
}
