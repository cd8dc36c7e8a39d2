package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.Penalties;
import io.infernet.inference.engine.ResponseFormat;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.tokenizer.ChatMessage;
import io.infernet.inference.tokenizer.StopStrings;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.node.UsageException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * An answer that somebody wants. What is left empty is filled from the model's own generation
 * defaults. An impossible value is refused with a {@link UsageException} that names it.
 *
 * @param model which model
 * @param prompt what it continues
 * @param maxTokens the longest answer; empty for {@link ChatServiceConfig#defaultMaxTokens}; 0 only
 *     makes sense with {@code echo}
 * @param temperature 0 is greedy
 * @param topK 0 is no limit
 * @param topP above 0, up to 1
 * @param minP 0 to 1; 0 is no limit
 * @param repetitionPenalty 0.000001 to 100; 1 is none
 * @param presencePenalty -2 to 2; 0 is none
 * @param frequencyPenalty -2 to 2; 0 is none
 * @param logitBias what is added to the logits of single tokens, by id
 * @param format what the answer must look like
 * @param seed the same seed gives the same answer; empty for a random one
 * @param stop texts that end the answer and do not become part of it
 * @param topLogprobs empty for no log-probabilities; else how many alternatives beside each token
 * @param echo whether the answer begins with the prompt
 * @param deadline how long the whole answer may take; empty for {@link
 *     ChatServiceConfig#defaultDeadline}
 * @param maxPrice the most to pay, in millionths of the currency's unit; empty for {@link
 *     ChatServiceConfig#defaultMaxPrice}
 * @param verify how the answer is verified
 */
public record ChatRequest(
    ModelName model,
    Prompt prompt,
    OptionalInt maxTokens,
    OptionalDouble temperature,
    OptionalInt topK,
    OptionalDouble topP,
    OptionalDouble minP,
    OptionalDouble repetitionPenalty,
    OptionalDouble presencePenalty,
    OptionalDouble frequencyPenalty,
    Map<Integer, Double> logitBias,
    ResponseFormat format,
    OptionalLong seed,
    List<String> stop,
    OptionalInt topLogprobs,
    boolean echo,
    Optional<Duration> deadline,
    OptionalLong maxPrice,
    VerifyMode verify) {

  /** Most stop texts. */
  public static final int MAX_STOP = StopStrings.MAX_STRINGS;

  public ChatRequest {
    requireNonNull(model, "model is null");
    requireNonNull(prompt, "prompt is null");
    requireNonNull(verify, "verify is null");
    stop = List.copyOf(stop);
    require(maxTokens.orElse(0) >= 0, "max_tokens is negative: " + maxTokens.orElse(0));
    double t = temperature.orElse(0);
    require(
        t >= 0 && t <= SamplingParams.MAX_TEMPERATURE, "temperature must be 0 to 100, not " + t);
    require(topK.orElse(0) >= 0, "top_k is negative: " + topK.orElse(0));
    double p = topP.orElse(1);
    require(p > 0 && p <= 1, "top_p must be above 0 and at most 1, not " + p);
    double m = minP.orElse(0);
    require(m >= 0 && m <= 1, "min_p must be 0 to 1, not " + m);
    double repetition = repetitionPenalty.orElse(1);
    require(
        repetition >= Penalties.MIN_REPETITION && repetition <= Penalties.MAX_REPETITION,
        "repetition_penalty must be 0.000001 to 100, not " + repetition);
    requirePenalty("presence_penalty", presencePenalty);
    requirePenalty("frequency_penalty", frequencyPenalty);
    require(
        logitBias.size() <= SamplingParams.MAX_BIASES,
        "logit_bias may name at most " + SamplingParams.MAX_BIASES + " tokens");
    logitBias.forEach(
        (id, bias) ->
            require(
                id >= 0 && Math.abs(bias) <= SamplingParams.MAX_BIAS,
                "logit_bias must be -100 to 100 for token ids, not " + id + ": " + bias));
    logitBias = Map.copyOf(logitBias);
    requireNonNull(format, "format is null");
    require(stop.size() <= MAX_STOP, "at most " + MAX_STOP + " stop texts, not " + stop.size());
    for (String text : stop) {
      require(
          !text.isEmpty() && text.length() <= StopStrings.MAX_LENGTH,
          "a stop text must have 1 to " + StopStrings.MAX_LENGTH + " characters");
    }
    int top = topLogprobs.orElse(0);
    require(
        top >= 0 && top <= GenerationRequest.MAX_TOP_LOGPROBS,
        "logprobs must be 0 to " + GenerationRequest.MAX_TOP_LOGPROBS + ", not " + top);
    Duration time = deadline.orElse(Duration.ofSeconds(1));
    require(!time.isNegative() && !time.isZero(), "the deadline must be above 0, not " + time);
    require(maxPrice.orElse(0) >= 0, "max_price is negative: " + maxPrice.orElse(0));
  }

  private static void requirePenalty(String name, OptionalDouble penalty) {
    double value = penalty.orElse(0);
    require(
        value >= Penalties.MIN && value <= Penalties.MAX, name + " must be -2 to 2, not " + value);
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new UsageException(message);
    }
  }

  /** A request with nothing but a prompt. */
  public static ChatRequest of(String model, String prompt) {
    return builder(model).user(prompt).build();
  }

  /**
   * Begins a request.
   *
   * @param model {@code NAME} or {@code NAME:VARIANT}
   */
  public static Builder builder(String model) {
    return new Builder(ModelName.parse(model));
  }

  /** Collects a request. Not safe from several threads. */
  public static final class Builder {
    private final ModelName model;
    private Prompt prompt = new Prompt.Messages(List.of());
    private OptionalInt maxTokens = OptionalInt.empty();
    private OptionalDouble temperature = OptionalDouble.empty();
    private OptionalInt topK = OptionalInt.empty();
    private OptionalDouble topP = OptionalDouble.empty();
    private OptionalDouble minP = OptionalDouble.empty();
    private OptionalDouble repetitionPenalty = OptionalDouble.empty();
    private OptionalDouble presencePenalty = OptionalDouble.empty();
    private OptionalDouble frequencyPenalty = OptionalDouble.empty();
    private Map<Integer, Double> logitBias = Map.of();
    private ResponseFormat format = ResponseFormat.TEXT;
    private OptionalLong seed = OptionalLong.empty();
    private List<String> stop = List.of();
    private OptionalInt topLogprobs = OptionalInt.empty();
    private boolean echo;
    private Optional<Duration> deadline = Optional.empty();
    private OptionalLong maxPrice = OptionalLong.empty();
    private VerifyMode verify = VerifyMode.NONE;

    private Builder(ModelName model) {
      this.model = model;
    }

    public Builder prompt(Prompt value) {
      prompt = value;
      return this;
    }

    /** A chat of several messages. */
    public Builder messages(List<ChatMessage> messages) {
      return prompt(new Prompt.Messages(messages));
    }

    /** A chat of one message. */
    public Builder user(String content) {
      return messages(List.of(ChatMessage.user(content)));
    }

    /** A chat of one message after a system prompt. */
    public Builder user(String system, String content) {
      return messages(List.of(ChatMessage.system(system), ChatMessage.user(content)));
    }

    /** Text to continue as it is. */
    public Builder text(String text) {
      return prompt(new Prompt.Text(text));
    }

    /** Tokens to continue as they are. */
    public Builder tokens(TokenIds ids) {
      return prompt(new Prompt.Tokens(ids));
    }

    public Builder maxTokens(int value) {
      maxTokens = OptionalInt.of(value);
      return this;
    }

    public Builder temperature(double value) {
      temperature = OptionalDouble.of(value);
      return this;
    }

    public Builder topK(int value) {
      topK = OptionalInt.of(value);
      return this;
    }

    public Builder topP(double value) {
      topP = OptionalDouble.of(value);
      return this;
    }

    public Builder minP(double value) {
      minP = OptionalDouble.of(value);
      return this;
    }

    public Builder repetitionPenalty(double value) {
      repetitionPenalty = OptionalDouble.of(value);
      return this;
    }

    public Builder presencePenalty(double value) {
      presencePenalty = OptionalDouble.of(value);
      return this;
    }

    public Builder frequencyPenalty(double value) {
      frequencyPenalty = OptionalDouble.of(value);
      return this;
    }

    public Builder logitBias(Map<Integer, Double> value) {
      logitBias = value;
      return this;
    }

    public Builder format(ResponseFormat value) {
      format = value;
      return this;
    }

    public Builder seed(long value) {
      seed = OptionalLong.of(value);
      return this;
    }

    public Builder stop(List<String> value) {
      stop = value;
      return this;
    }

    public Builder topLogprobs(int value) {
      topLogprobs = OptionalInt.of(value);
      return this;
    }

    public Builder echo(boolean value) {
      echo = value;
      return this;
    }

    public Builder deadline(Duration value) {
      deadline = Optional.of(value);
      return this;
    }

    public Builder maxPrice(long millionths) {
      maxPrice = OptionalLong.of(millionths);
      return this;
    }

    public Builder verify(VerifyMode value) {
      verify = value;
      return this;
    }

    /**
     * The request.
     *
     * @throws UsageException when a value is impossible
     */
    public ChatRequest build() {
      return new ChatRequest(
          model,
          prompt,
          maxTokens,
          temperature,
          topK,
          topP,
          minP,
          repetitionPenalty,
          presencePenalty,
          frequencyPenalty,
          logitBias,
          format,
          seed,
          stop,
          topLogprobs,
          echo,
          deadline,
          maxPrice,
          verify);
    }
  }
}
