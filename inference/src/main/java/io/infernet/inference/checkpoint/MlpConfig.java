package io.infernet.inference.checkpoint;

/** The feed-forward block of a layer. All are gated: down(activation(gate(x)) · up(x)). */
public sealed interface MlpConfig {

  /** Width inside: of the block, or of one expert. */
  int innerSize();

  /**
   * One block for all tokens.
   *
   * @param innerSize width inside
   * @param bias whether its projections have biases
   */
  record Dense(int innerSize, boolean bias) implements MlpConfig {}

  /**
   * A mixture: a linear router scores the experts, softmax over all scores, the {@code perToken}
   * best compute, and their outputs are added with those probabilities as weights. No biases.
   *
   * @param innerSize width inside an expert
   * @param experts how many there are
   * @param perToken how many compute for one token
   * @param normalised whether the chosen probabilities are divided by their sum
   */
  record Experts(int innerSize, int experts, int perToken, boolean normalised)
      implements MlpConfig {

    public Experts {
      if (perToken > experts) {
        throw new DamagedModelException(
            "config.json: %d experts a token of %d in all".formatted(perToken, experts));
      }
    }
  }
}
