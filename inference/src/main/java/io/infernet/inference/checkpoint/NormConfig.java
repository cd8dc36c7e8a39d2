package io.infernet.inference.checkpoint;

/**
 * The RMS norms of a decoder, x / sqrt(mean(x²) + epsilon) · w. One stands before attention, one
 * before the feed-forward block and one before the output head, always; the others are said here.
 *
 * @param epsilon added under the root
 * @param onePlus whether the factor is 1 + w (Gemma) instead of w
 * @param afterBranch whether attention's and the feed-forward block's outputs are normalised before
 *     they are added (Gemma)
 * @param onHeads whether each query and key head is normalised before its rotation, by one weight
 *     vector of a head's width (Qwen3, Gemma 3)
 */
public record NormConfig(double epsilon, boolean onePlus, boolean afterBranch, boolean onHeads) {

  /** Before the branches and at the end only. */
  public static NormConfig plain(double epsilon) {
    return new NormConfig(epsilon, false, false, false);
  }
}
