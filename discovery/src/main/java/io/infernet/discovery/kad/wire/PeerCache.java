package io.infernet.discovery.kad.wire;

import io.infernet.libp2p.peer.PeerInfo;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Peers as they were read last, by their bytes: a look-up meets the same ones in answer after
 * answer, so this saves most of the reading, and all that keep such a peer share one object.
 * Bounded in entries and in the size of each. Safe from any thread; codecs, and many nodes in one
 * process, can share one.
 *
 * <p>A table with one entry to a slot: a newer peer displaces an older one with the same hash. Who
 * provokes that on purpose gains nothing but that peers are read again.
 */
public final class PeerCache {

  /** Longest bytes that are kept: those of a peer with a dozen addresses. */
  private static final int MAX_LENGTH = 512;

  /** Behind the headers of an id that contains a key, the longer of the two kinds. */
  private static final int HASHED_FROM = 10;

  private static final int HASHED_TO = HASHED_FROM + 6;

  private final AtomicReferenceArray<@Nullable Entry> table;

  private static final class Entry {
    final byte[] bytes;
    final PeerInfo peer;

    Entry(byte[] bytes, PeerInfo peer) {
      this.bytes = bytes;
      this.peer = peer;
    }
  }

  /**
   * @param size most peers, a power of two
   */
  public PeerCache(int size) {
    if (Integer.bitCount(size) != 1) {
      throw new IllegalArgumentException("size is not a power of two: " + size);
    }
    this.table = new AtomicReferenceArray<>(size);
  }

  @Nullable PeerInfo get(byte[] bytes) {
    Entry entry = table.get(slot(bytes));
    return entry != null && Arrays.equals(entry.bytes, bytes) ? entry.peer : null;
  }

  /**
   * @param bytes belong to this from now on
   */
  void put(byte[] bytes, PeerInfo peer) {
    if (bytes.length <= MAX_LENGTH) {
      table.set(slot(bytes), new Entry(bytes, peer));
    }
  }

  /** By some bytes of the digest or key in the id, which is as good as hashing all of them. */
  private int slot(byte[] bytes) {
    int hash = bytes.length;
    int end = Math.min(bytes.length, HASHED_TO);
    for (int i = HASHED_FROM; i < end; i++) {
      hash = 31 * hash + bytes[i];
    }
    return (hash ^ hash >>> 16) & table.length() - 1;
  }
}
