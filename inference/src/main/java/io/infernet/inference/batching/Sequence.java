package io.infernet.inference.batching;

import io.infernet.inference.batching.KvPool.Extent;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Tokens whose keys and values are, or will be, in the decoder's cache. Confined to the engine
 * thread.
 */
final class Sequence {

  private final int shareable;
  private final int stretchAfter;
  private int[] ids;
  private int length;
  private int computed;
  private @Nullable Extent extent;

  /**
   * @param ids the tokens known so far; owned by the sequence from now on
   * @param shareable how many of its tokens, from the first, other sequences may copy; more than it
   *     has means all
   * @param stretchAfter the most tokens it can have without being stretched
   */
  Sequence(int[] ids, int shareable, int stretchAfter) {
    this.ids = ids;
    this.shareable = shareable;
    this.stretchAfter = stretchAfter;
    length = ids.length;
  }

  /** Whether all its tokens are computed in the decoder's way for long sequences. */
  boolean stretched() {
    return length > stretchAfter;
  }

  /** Tokens known. */
  int length() {
    return length;
  }

  /** Tokens, from the first, whose keys and values are in the cache. */
  int computed() {
    return computed;
  }

  /** Tokens known but not computed. */
  int remaining() {
    return length - computed;
  }

  int id(int index) {
    return ids[index];
  }

  int[] slice(int from, int to) {
    return Arrays.copyOfRange(ids, from, to);
  }

  /**
   * Adds a token that follows; when it makes the sequence stretched, nothing is computed any more.
   */
  void append(int id) {
    if (length == ids.length) {
      ids = Arrays.copyOf(ids, length + Math.max(32, length / 2));
    }
    ids[length++] = id;
    if (length == stretchAfter + 1 && extent != null) {
      place(extent, 0);
    }
  }

  /** How many tokens, from the first and up to {@code limit}, are the same as the other's. */
  int common(Sequence other, int limit) {
    if (stretched() != other.stretched()) {
      return 0;
    }
    int most = Math.min(Math.min(length, other.length), limit);
    if (most <= 0) {
      return 0;
    }
    int mismatch = Arrays.mismatch(ids, 0, most, other.ids, 0, most);
    return mismatch < 0 ? most : mismatch;
  }

  /** How many of its tokens, from the first, other sequences may copy, now or when computed. */
  int shareable() {
    return Math.min(shareable, length);
  }

  boolean placed() {
    return extent != null;
  }

  /** Its place in the cache. */
  Extent extent() {
    if (extent == null) {
      throw new IllegalStateException("the sequence has no place in the cache");
    }
    return extent;
  }

  /** Puts it at a place of the cache that holds its first tokens already. */
  void place(Extent at, int tokens) {
    extent = at;
    computed = tokens;
    at.use(tokens);
  }

  /** Takes it out of the cache: nothing of it is computed any more. */
  void unplace() {
    extent = null;
    computed = 0;
  }

  /** Says that the next tokens are in the cache now. */
  void advance(int tokens) {
    computed += tokens;
    extent().use(computed);
  }
}
