package io.infernet.inference.tokenizer;

import java.util.Arrays;
import java.util.List;

/** A sequence of token ids: an immutable value. */
public final class TokenIds {

  private static final TokenIds EMPTY = new TokenIds(new int[0]);

  private final int[] ids;

  private TokenIds(int[] ids) {
    this.ids = ids;
  }

  /** A copy of {@code ids}; each must be 0 or more. */
  public static TokenIds of(int... ids) {
    for (int id : ids) {
      if (id < 0) {
        throw new IllegalArgumentException("not a token id: " + id);
      }
    }
    return ids.length == 0 ? EMPTY : new TokenIds(ids.clone());
  }

  /** The ids of a list, in its order. */
  public static TokenIds of(List<Integer> ids) {
    return of(ids.stream().mapToInt(Integer::intValue).toArray());
  }

  public static TokenIds empty() {
    return EMPTY;
  }

  public int size() {
    return ids.length;
  }

  public boolean isEmpty() {
    return ids.length == 0;
  }

  /** The id at {@code index}, counted from 0. */
  public int get(int index) {
    return ids[index];
  }

  /** These ids, then the others. */
  public TokenIds concat(TokenIds other) {
    int[] all = Arrays.copyOf(ids, ids.length + other.ids.length);
    System.arraycopy(other.ids, 0, all, ids.length, other.ids.length);
    return new TokenIds(all);
  }

  /** The ids from {@code from} up to but without {@code to}. */
  public TokenIds slice(int from, int to) {
    return new TokenIds(Arrays.copyOfRange(ids, from, Math.min(to, ids.length)));
  }

  /** A copy of the ids. */
  public int[] toArray() {
    return ids.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TokenIds that && Arrays.equals(ids, that.ids);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(ids);
  }

  @Override
  public String toString() {
    return Arrays.toString(ids);
  }
}
