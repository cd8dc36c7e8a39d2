package io.infernet.libp2p.muxer.yamux;

import java.util.BitSet;

/**
 * Remembers which stream ids the remote has used, so that none is used twice. Ids should come in
 * rising order, but implementations that number a stream before they send its first frame
 * (go-yamux, rust-yamux) may swap some that were opened at the same time. So this is a sliding
 * window as for replayed packets (RFC 4303, §3.4.3): an id above the highest moves the window on,
 * one within it is good once, one below it never.
 */
final class StreamIdWindow {

  /** How many ids of one parity lie in the window. */
  static final int SIZE = 1024;

  private final BitSet used = new BitSet();
  private int highest = -1;

  /**
   * Marks {@code streamId} as used.
   *
   * @return false when it was used before, or is too far below the highest to tell
   */
  boolean use(int streamId) {
    int index = streamId >>> 1;
    if (index > highest) {
      for (int i = Math.max(highest, index - SIZE) + 1; i < index; i++) {
        used.clear(i % SIZE);
      }
      highest = index;
    } else if (highest - index >= SIZE || used.get(index % SIZE)) {
      return false;
    }
    used.set(index % SIZE);
    return true;
  }
}
