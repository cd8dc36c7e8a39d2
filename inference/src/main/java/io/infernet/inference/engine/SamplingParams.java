package io.infernet.inference.engine;

import io.infernet.inference.model.GenerationDefaults;

/**
 * How the next token is chosen from the logits: divided by the temperature, cut to the top k, cut
 * to the top p of what is left, then drawn with {@code seed}. The same logits, parameters and seed
 * always give the same token.
 *
 * @param temperature 0 to {@value #MAX_TEMPERATURE}; 0 takes the likeliest token (greedy)
 * @param topK how many tokens may be chosen from; 0 is no limit
 * @param topP above 0 and up to 1: the smallest set of likeliest tokens that has this probability;
 *     1 is no limit
 * @param seed what the draw depends on; the requester chooses it
 */
public record SamplingParams(double temperature, int topK, double topP, long seed) {

  public static final double MAX_TEMPERATURE = 100;

  public SamplingParams {
    if (!(temperature >= 0 && temperature <= MAX_TEMPERATURE)) {
      throw new IllegalArgumentException("temperature out of range: " + temperature);
    }
    if (topK < 0) {
      throw new IllegalArgumentException("topK is negative: " + topK);
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("topP out of range: " + topP);
    }
  }

  /** Always the likeliest token. */
  public static SamplingParams greedy() {
    return new SamplingParams(0, 0, 1, 0);
  }

  /** What the model asks for, with {@code seed}. */
  public static SamplingParams of(GenerationDefaults defaults, long seed) {
    return new SamplingParams(defaults.temperature(), defaults.topK(), defaults.topP(), seed);
  }
}
