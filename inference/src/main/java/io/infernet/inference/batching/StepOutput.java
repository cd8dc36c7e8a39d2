package io.infernet.inference.batching;

/**
 * What came out of a {@link Step}. The arrays may be the decoder's own: they are valid until its
 * next step, and only to be read.
 */
public final class StepOutput {

  private final float[] logits;
  private final int vocabSize;
  private final float[] hidden;
  private final int[] rows;
  private final int[] tokens;

  /**
   * @param step what was computed
   * @param logits rows of logits, {@code [step.rows(), vocabSize]} from index 0, in the order of
   *     the chunks; the array may be longer
   * @param vocabSize numbers in a row
   * @param hidden the output of the final norm after every token, {@code [step.tokens(),
   *     hiddenSize]} in the order of the chunks, or empty when it was not wanted
   */
  public StepOutput(Step step, float[] logits, int vocabSize, float[] hidden) {
    this.logits = logits;
    this.vocabSize = vocabSize;
    this.hidden = hidden;
    int chunks = step.chunks().size();
    rows = new int[chunks];
    tokens = new int[chunks];
    int row = 0;
    int token = 0;
    for (int i = 0; i < chunks; i++) {
      Chunk chunk = step.chunks().get(i);
      rows[i] = row;
      tokens[i] = token;
      row += chunk.logits().rows(chunk.ids().length);
      token += chunk.ids().length;
    }
    if (logits.length < (long) row * vocabSize) {
      throw new IllegalArgumentException(
          "%d logits for %d rows of %d".formatted(logits.length, row, vocabSize));
    }
  }

  /** Rows of {@link #vocabSize} logits. */
  public float[] logits() {
    return logits;
  }

  /** Numbers in a row of logits. */
  public int vocabSize() {
    return vocabSize;
  }

  /** The first row of a chunk's logits; the others follow it. */
  public int row(int chunk) {
    return rows[chunk];
  }

  /** The hidden states of all tokens, {@code [tokens, hiddenSize]}, or empty. */
  public float[] hidden() {
    return hidden;
  }

  /** The place of a chunk's first token among all tokens of the step, for {@link #hidden}. */
  public int token(int chunk) {
    return tokens[chunk];
  }
}
