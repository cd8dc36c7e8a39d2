package io.infernet.inference.engine.djl;

import java.util.BitSet;
import java.util.OptionalInt;

/**
 * Which slots of a decoder's key/value cache are taken. The numbers themselves live inside the
 * graph: {@code [2, layers, slots, kvHeads, context, headDim]}. Confined to the engine thread.
 */
final class KvCache {

  private final int slots;
  private final int context;
  private final BitSet taken = new BitSet();

  /**
   * @param slots sequences it holds
   * @param context tokens of each
   */
  KvCache(int slots, int context) {
    this.slots = slots;
    this.context = context;
  }

  int slots() {
    return slots;
  }

  int context() {
    return context;
  }

  /** Takes a slot, unless all are taken. */
  OptionalInt acquire() {
    int slot = taken.nextClearBit(0);
    if (slot >= slots) {
      return OptionalInt.empty();
    }
    taken.set(slot);
    return OptionalInt.of(slot);
  }

  /** Gives a slot back. */
  void release(int slot) {
    if (!taken.get(slot)) {
      throw new IllegalStateException("slot " + slot + " is not taken");
    }
    taken.clear(slot);
  }
}
