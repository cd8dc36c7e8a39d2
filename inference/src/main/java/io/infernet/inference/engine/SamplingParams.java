package io.infernet.inference.engine;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.model.GenerationDefaults;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * How the next token is chosen from the logits. The same logits, parameters, prompt and answer so
 * far always give the same token. The rules are {@link Sampler}'s.
 *
 * @param temperature 0 to {@value #MAX_TEMPERATURE}; 0 takes the likeliest token (greedy), and so
 *     does less than {@value #MIN_TEMPERATURE}, which becomes 0
 * @param topK how many tokens may be chosen from; 0 is no limit
 * @param topP above 0 and up to 1: the smallest set of likeliest tokens that has this probability;
 *     1 is no limit
 * @param minP 0 to 1: only tokens at least this part as likely as the likeliest; 0 is no limit
 * @param penalties on what has occurred already
 * @param logitBias what is added to the logits of single tokens, by id; at most {@value #MAX_BIAS}
 *     either way
 * @param format what the answer must look like
 * @param seed what the draw depends on; the requester chooses it
 */
public record SamplingParams(
    double temperature,
    int topK,
    double topP,
    double minP,
    Penalties penalties,
    Map<Integer, Double> logitBias,
    ResponseFormat format,
    long seed) {

  /** With less, logits divided by it could be infinite. */
  public static final double MIN_TEMPERATURE = 1e-30;

  public static final double MAX_TEMPERATURE = 100;

  /** As far as OpenAI's API goes. */
  public static final double MAX_BIAS = 100;

  /** Most tokens with a bias. */
  public static final int MAX_BIASES = 1024;

  public SamplingParams {
    requireNonNull(penalties, "penalties is null");
    requireNonNull(format, "format is null");
    if (!(temperature >= 0 && temperature <= MAX_TEMPERATURE)) {
      throw new IllegalArgumentException("temperature out of range: " + temperature);
    }
    temperature = temperature < MIN_TEMPERATURE ? 0 : temperature;
    if (topK < 0) {
      throw new IllegalArgumentException("topK is negative: " + topK);
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("topP out of range: " + topP);
    }
    if (!(minP >= 0 && minP <= 1)) {
      throw new IllegalArgumentException("minP out of range: " + minP);
    }
    if (logitBias.size() > MAX_BIASES) {
      throw new IllegalArgumentException("more than " + MAX_BIASES + " tokens with a bias");
    }
    logitBias.forEach(
        (id, bias) -> {
          if (id < 0 || !(bias >= -MAX_BIAS && bias <= MAX_BIAS)) {
            throw new IllegalArgumentException("logit bias out of range: " + id + ": " + bias);
          }
        });
    logitBias = Collections.unmodifiableMap(new TreeMap<>(logitBias));
  }

  /** Plain sampling: no penalties, any text. */
  public SamplingParams(double temperature, int topK, double topP, long seed) {
    this(temperature, topK, topP, 0, Penalties.NONE, Map.of(), ResponseFormat.TEXT, seed);
  }

  /** Whether it is as if made of temperature, top k, top p and seed alone. */
  public boolean isPlain() {
    return equals(new SamplingParams(temperature, topK, topP, seed));
  }

  /** Always the likeliest token. */
  public static SamplingParams greedy() {
    return new SamplingParams(0, 0, 1, 0);
  }

  /** What the model asks for, with {@code seed}. */
  public static SamplingParams of(GenerationDefaults defaults, long seed) {
    return new SamplingParams(
        defaults.temperature(),
        defaults.topK(),
        defaults.topP(),
        defaults.minP(),
        Penalties.NONE.withRepetition(defaults.repetitionPenalty()),
        Map.of(),
        ResponseFormat.TEXT,
        seed);
  }

  /** The same with another limit of likelihood. */
  public SamplingParams withMinP(double value) {
    return new SamplingParams(temperature, topK, topP, value, penalties, logitBias, format, seed);
  }

  /** The same with other penalties. */
  public SamplingParams withPenalties(Penalties value) {
    return new SamplingParams(temperature, topK, topP, minP, value, logitBias, format, seed);
  }

  /** The same with other biases. */
  public SamplingParams withLogitBias(Map<Integer, Double> value) {
    return new SamplingParams(temperature, topK, topP, minP, penalties, value, format, seed);
  }

  /** The same for an answer of another form. */
  public SamplingParams withFormat(ResponseFormat value) {
    return new SamplingParams(temperature, topK, topP, minP, penalties, logitBias, value, seed);
  }
}
