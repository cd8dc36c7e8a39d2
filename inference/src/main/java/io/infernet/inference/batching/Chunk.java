package io.infernet.inference.batching;

import static java.util.Objects.requireNonNull;

/**
 * The new tokens of one sequence in a {@link Step}: a piece of its prompt, or the token chosen
 * last.
 *
 * <p>Token {@code i} of the chunk is token {@code position + i} of its sequence. Its keys and
 * values are written at place {@code cacheStart + position + i} of the cache, and it attends to the
 * places {@code cacheStart} to {@code cacheStart + position + i}.
 *
 * @param cacheStart the place in the decoder's cache of the sequence's first token
 * @param position how many tokens the sequence has already, all of them in the cache
 * @param ids the new tokens, at least one, each within the vocabulary; not copied, so nobody may
 *     change them any more
 * @param logits after which of them logits are wanted
 * @param stretched whether the sequence has, or will have in this step, more tokens than {@link
 *     Decoder#stretchAfter}; then all its keys and values must come from such chunks
 */
// An array, because a step is made thousands of times a second; nobody compares chunks.
@SuppressWarnings("ArrayRecordComponent")
public record Chunk(int cacheStart, int position, int[] ids, Logits logits, boolean stretched) {

  /** Of a sequence that is not stretched. */
  public Chunk(int cacheStart, int position, int[] ids, Logits logits) {
    this(cacheStart, position, ids, logits, false);
  }

  public Chunk {
    requireNonNull(logits, "logits is null");
    if (ids.length == 0) {
      throw new IllegalArgumentException("a chunk without tokens");
    }
    if (cacheStart < 0 || position < 0) {
      throw new IllegalArgumentException("no such place: %d + %d".formatted(cacheStart, position));
    }
  }

  /** One past the last place in the cache that it writes. */
  public int cacheEnd() {
    return cacheStart + position + ids.length;
  }
}
