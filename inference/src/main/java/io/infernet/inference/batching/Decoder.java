package io.infernet.inference.batching;

/**
 * A model that is ready to run, with a cache for the keys and values of many sequences. The cache
 * is a row of {@link #cacheTokens} places, one for each token; a sequence owns consecutive places
 * of it, and its owner says which ({@code KvPool}). Confined to the engine thread, but for the
 * questions about sizes; closed there too.
 */
public interface Decoder extends AutoCloseable {

  /** Number of token ids. */
  int vocabSize();

  /** Numbers in the hidden state of one token. */
  int hiddenSize();

  /** The most tokens of one sequence. */
  int contextLength();

  /**
   * The most tokens of a sequence that is computed as usual; when it is to have more, all its
   * tokens are computed again in chunks that are {@link Chunk#stretched}.
   */
  default int stretchAfter() {
    return contextLength();
  }

  /** Places in the cache, for all sequences together. */
  int cacheTokens();

  /** What its weights and its whole cache take. */
  long memoryBytes();

  /**
   * Computes new tokens of several sequences. All keys and values of the step are in the cache
   * afterwards; when it fails, the places that it should have written hold nothing of use, and all
   * others are as before.
   *
   * @return the logits that were asked for; valid until the next step
   * @throws IllegalArgumentException when a chunk leaves the context or the cache
   * @throws IllegalStateException when the native library fails
   */
  StepOutput step(Step step);

  /**
   * Copies keys and values inside the cache, in all layers: places {@code from} and following to
   * {@code to} and following. They may overlap, as in {@link System#arraycopy}. The numbers mean
   * the same at any place, because a token's position is counted from its sequence's first.
   */
  void copyCache(int from, int to, int tokens);

  @Override
  void close();
}
