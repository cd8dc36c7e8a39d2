package io.infernet.inference.model;

import java.util.List;

/**
 * How a model wants to be sampled when the request does not say, from its {@code
 * generation_config.json}.
 *
 * @param temperature 0 is greedy
 * @param topK 0 is no limit
 * @param topP 1 is no limit
 * @param minP 0 is no limit
 * @param repetitionPenalty 1 is none
 * @param stopIds the tokens that end an answer, ascending
 */
public record GenerationDefaults(
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    List<Integer> stopIds) {

  public GenerationDefaults {
    check(temperature >= 0 && temperature <= 100, "temperature", temperature);
    check(topK >= 0, "topK", topK);
    check(topP > 0 && topP <= 1, "topP", topP);
    check(minP >= 0 && minP <= 1, "minP", minP);
    check(
        repetitionPenalty > 0 && repetitionPenalty <= 100, "repetition penalty", repetitionPenalty);
    temperature = millionths(temperature);
    topP = Math.max(millionths(topP), 1e-6);
    minP = millionths(minP);
    repetitionPenalty = Math.max(millionths(repetitionPenalty), 1e-6);
    stopIds = stopIds.stream().distinct().sorted().toList();
  }

  /** No min-p and no penalty. */
  public GenerationDefaults(double temperature, int topK, double topP, List<Integer> stopIds) {
    this(temperature, topK, topP, 0, 1, stopIds);
  }

  private static void check(boolean ok, String name, double value) {
    if (!ok) {
      throw new IllegalArgumentException(name + " out of range: " + value);
    }
  }

  /** Rounds to six decimals, so that a value has one spelling in every JVM. */
  private static double millionths(double value) {
    return Math.round(value * 1e6) / 1e6;
  }
}
