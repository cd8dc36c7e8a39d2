package io.infernet.inference.checkpoint;

/**
 * Attention, alike in all layers but for the window.
 *
 * @param heads number of query heads
 * @param kvHeads number of key/value heads; query head h uses key/value head h / (heads / kvHeads)
 * @param headDim width of a head; heads · headDim need not be the hidden size
 * @param scale by which scores are multiplied
 * @param scoreCap c of c · tanh(x / c), applied to scores before the mask; 0 for none
 * @param qkvBias whether the projections to queries, keys and values have biases
 * @param outBias whether the projection back has one
 */
public record AttentionConfig(
    int heads,
    int kvHeads,
    int headDim,
    double scale,
    double scoreCap,
    boolean qkvBias,
    boolean outBias) {

  public AttentionConfig {
    if (heads % kvHeads != 0) {
      throw new DamagedModelException(
          "config.json: %d heads cannot share %d key/value heads".formatted(heads, kvHeads));
    }
    if (headDim % 2 != 0) {
      throw new DamagedModelException("config.json: head_dim is odd: " + headDim);
    }
  }

  /** Query heads for each key/value head. */
  public int group() {
    return heads / kvHeads;
  }

  /** Width of all queries. */
  public int queryWidth() {
    return heads * headDim;
  }

  /** Width of all keys, and of all values. */
  public int keyWidth() {
    return kvHeads * headDim;
  }
}
