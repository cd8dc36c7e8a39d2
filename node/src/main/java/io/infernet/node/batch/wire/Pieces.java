package io.infernet.node.batch.wire;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * Puts a list together that comes in pieces, and takes no more than was announced. One thread at a
 * time.
 *
 * @param <T> the kind of entries
 */
public final class Pieces<T> {

  private final int count;
  private final long maxSize;
  private final ToIntFunction<T> sizeOf;
  private final List<T> entries = new ArrayList<>();
  private long size;

  /**
   * An empty list.
   *
   * @param count entries that were announced
   * @param maxSize of all entries together
   * @param sizeOf an entry, in the same unit
   */
  public Pieces(int count, long maxSize, ToIntFunction<T> sizeOf) {
    this.count = count;
    this.maxSize = maxSize;
    this.sizeOf = requireNonNull(sizeOf, "sizeOf is null");
    if (count < 0 || maxSize < 0) {
      throw new IllegalArgumentException("a list of " + count + " entries, " + maxSize + " in all");
    }
  }

  /**
   * The next piece.
   *
   * @param offset entries before it
   * @throws ProtocolViolationException when it is not the next one, or there is more than was
   *     announced
   */
  public void add(long offset, List<T> piece) throws ProtocolViolationException {
    if (offset != entries.size() || piece.size() > count - entries.size()) {
      throw new ProtocolViolationException(
          "a piece of "
              + piece.size()
              + " at "
              + offset
              + " after "
              + entries.size()
              + " of "
              + count);
    }
    for (T entry : piece) {
      size += sizeOf.applyAsInt(entry);
      if (size > maxSize) {
        throw new ProtocolViolationException("a list that is larger than " + maxSize);
      }
      entries.add(entry);
    }
  }

  /** Whether every entry is there. */
  public boolean isWhole() {
    return entries.size() == count;
  }

  /** How many entries are there. */
  public int size() {
    return entries.size();
  }

  /** The entries so far. */
  public List<T> entries() {
    return List.copyOf(entries);
  }
}
