package io.infernet.inference.model;

import java.util.List;

/**
 * How a model wants to be sampled when the request does not say, from its {@code
 * generation_config.json}.
 *
 * @param temperature 0 is greedy
 * @param topK 0 is no limit
 * @param topP 1 is no limit
 * @param stopIds the tokens that end an answer, ascending
 */
public record GenerationDefaults(double temperature, int topK, double topP, List<Integer> stopIds) {

  public GenerationDefaults {
    if (!(temperature >= 0 && temperature <= 100)) {
      throw new IllegalArgumentException("temperature out of range: " + temperature);
    }
    if (topK < 0) {
      throw new IllegalArgumentException("topK is negative: " + topK);
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("topP out of range: " + topP);
    }
    temperature = millionths(temperature);
    topP = Math.max(millionths(topP), 1e-6);
    stopIds = stopIds.stream().distinct().sorted().toList();
  }

  /** Rounds to six decimals, so that a value has one spelling in every JVM. */
  private static double millionths(double value) {
    return Math.round(value * 1e6) / 1e6;
  }
}
