package io.infernet.inference.engine;

/**
 * One sequence in a {@link Decoder}: its tokens so far live on in the key/value cache. Confined to
 * the engine thread.
 */
public interface InferenceSession extends AutoCloseable {

  /** How many tokens it has. */
  int length();

  /**
   * Appends tokens and computes what follows.
   *
   * @param ids of the tokens, at least one, each within the vocabulary
   * @param all whether the logits after each token are wanted, or only after the last
   * @return the logits by token id, {@code [vocabSize]} or with {@code all} {@code [ids.length *
   *     vocabSize]}; valid until the next call on any session of the decoder
   * @throws IllegalArgumentException when the sequence becomes longer than the context
   */
  float[] append(int[] ids, boolean all);

  /** Frees its slot. */
  @Override
  void close();
}
