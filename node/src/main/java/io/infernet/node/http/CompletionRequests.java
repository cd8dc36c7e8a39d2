package io.infernet.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.Penalties;
import io.infernet.inference.engine.ResponseFormat;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.tokenizer.ChatMessage;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.node.UsageException;
import io.infernet.node.job.ChatRequest;
import io.infernet.node.job.Prompt;
import io.infernet.node.job.VerifyMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Reads the bodies of {@code /v1/chat/completions} and {@code /v1/completions}. Every parameter is
 * done, or refused by name; one that this node does not do may be there with the value that means
 * "off".
 */
final class CompletionRequests {

  /** Most prompts in one request; they are answered in order. */
  static final int MAX_PROMPTS = 128;

  /** Answer length of the legacy endpoint when the request does not say, OpenAI API reference. */
  private static final int LEGACY_MAX_TOKENS = 16;

  /**
   * A request that was read.
   *
   * @param chat whether it is answered in the shape of the chat endpoint
   * @param model as the request names it
   * @param jobs one for each prompt
   * @param stream whether the answer comes as server-sent events
   * @param includeUsage whether the stream ends with usage
   */
  record Parsed(
      boolean chat, String model, List<ChatRequest> jobs, boolean stream, boolean includeUsage) {
    Parsed {
      jobs = List.copyOf(jobs);
    }
  }

  private CompletionRequests() {}

  /**
   * Reads a chat request.
   *
   * @throws ApiException when it is not one that this node can answer
   */
  static Parsed chat(JsonNode body) {
    RequestFields fields = new RequestFields(body, "");
    String model = model(fields);
    ChatRequest.Builder job = builder(model).messages(messages(fields));

    OptionalInt maxTokens = fields.integer("max_tokens", 1, Integer.MAX_VALUE);
    OptionalInt maxCompletion = fields.integer("max_completion_tokens", 1, Integer.MAX_VALUE);
    if (maxTokens.isPresent() && maxCompletion.isPresent() && !maxTokens.equals(maxCompletion)) {
      throw ApiException.badRequest(
          "'max_tokens' and 'max_completion_tokens' differ: send one of them.");
    }
    (maxTokens.isPresent() ? maxTokens : maxCompletion).ifPresent(job::maxTokens);
    boolean logprobs = fields.flag("logprobs");
    OptionalInt top = fields.integer("top_logprobs", 0, GenerationRequest.MAX_TOP_LOGPROBS);
    if (logprobs) {
      job.topLogprobs(top.orElse(0));
    } else if (top.isPresent()) {
      throw ApiException.badRequest("'top_logprobs' needs 'logprobs': true.");
    }
    common(fields, job);
    fields.onlyOff("tools", node -> node.isArray() && node.isEmpty());
    fields.onlyOff("tool_choice", node -> node.asText().equals("none"));
    fields.onlyOff("functions", node -> node.isArray() && node.isEmpty());
    fields.onlyOff("function_call", node -> node.asText().equals("none"));
    fields.onlyOff("modalities", node -> node.size() == 1 && node.path(0).asText().equals("text"));
    fields.onlyOff("store", node -> node.isBoolean() && !node.asBoolean());
    fields.onlyOff("service_tier", node -> List.of("auto", "default").contains(node.asText()));
    return finish(true, model, fields, List.of(build(job)));
  }

  /**
   * Reads a legacy completion request.
   *
   * @throws ApiException when it is not one that this node can answer
   */
  static Parsed text(JsonNode body) {
    RequestFields fields = new RequestFields(body, "");
    String model = model(fields);
    List<Prompt> prompts = prompts(fields);
    ChatRequest.Builder job = builder(model);
    boolean echo = fields.flag("echo");
    job.echo(echo)
        .maxTokens(
            fields
                .integer("max_tokens", echo ? 0 : 1, Integer.MAX_VALUE)
                .orElse(LEGACY_MAX_TOKENS));
    fields.integer("logprobs", 0, GenerationRequest.MAX_TOP_LOGPROBS).ifPresent(job::topLogprobs);
    common(fields, job);
    fields.onlyOff("best_of", node -> node.isInt() && node.asInt() == 1);
    fields.onlyOff("suffix", node -> node.isTextual() && node.asText().isEmpty());
    List<ChatRequest> jobs = new ArrayList<>();
    prompts.forEach(prompt -> jobs.add(build(job.prompt(prompt))));
    return finish(false, model, fields, jobs);
  }

  private static Parsed finish(
      boolean chat, String model, RequestFields fields, List<ChatRequest> jobs) {
    boolean stream = fields.flag("stream");
    Optional<RequestFields> options = fields.object("stream_options");
    boolean includeUsage = options.map(o -> o.flag("include_usage")).orElse(false);
    options.ifPresent(
        o -> o.onlyOff("include_obfuscation", node -> node.isBoolean() && !node.asBoolean()));
    options.ifPresent(RequestFields::finish);
    if (options.isPresent() && !stream) {
      throw ApiException.badRequest("'stream_options' needs 'stream': true.");
    }
    fields.finish();
    return new Parsed(chat, model, jobs, stream, includeUsage);
  }

  /** What both endpoints take. */
  private static void common(RequestFields fields, ChatRequest.Builder job) {
    fields.number("temperature", 0, SamplingParams.MAX_TEMPERATURE).ifPresent(job::temperature);
    fields.number("top_p", 0, 1).ifPresent(job::topP);
    // −1 is how vLLM says "no limit".
    fields.integer("top_k", -1, Integer.MAX_VALUE).ifPresent(k -> job.topK(Math.max(0, k)));
    fields.number("min_p", 0, 1).ifPresent(job::minP);
    fields
        .number("repetition_penalty", Penalties.MIN_REPETITION, Penalties.MAX_REPETITION)
        .ifPresent(job::repetitionPenalty);
    fields.number("presence_penalty", Penalties.MIN, Penalties.MAX).ifPresent(job::presencePenalty);
    fields
        .number("frequency_penalty", Penalties.MIN, Penalties.MAX)
        .ifPresent(job::frequencyPenalty);
    job.logitBias(logitBias(fields));
    job.format(format(fields));
    fields.longInteger("seed").ifPresent(job::seed);
    job.stop(fields.texts("stop", ChatRequest.MAX_STOP));
    // Tags for the operator of a hosted service: they mean nothing for the answer.
    fields.text("user");
    fields.text("safety_identifier");
    fields.onlyOff("n", node -> node.isInt() && node.asInt() == 1);
    fields
        .object("infernet")
        .ifPresent(
            infernet -> {
              infernet
                  .integer("deadline_ms", 1, Integer.MAX_VALUE)
                  .ifPresent(millis -> job.deadline(Duration.ofMillis(millis)));
              infernet.longInteger("max_price").ifPresent(job::maxPrice);
              infernet
                  .text("verify")
                  .ifPresent(
                      mode ->
                          job.verify(
                              VerifyMode.parse(mode)
                                  .orElseThrow(
                                      () ->
                                          ApiException.badValue(
                                              "infernet.verify", "none, audit or redundant"))));
              infernet.finish();
            });
  }

  private static Map<Integer, Double> logitBias(RequestFields fields) {
    Map<Integer, Double> biases = new LinkedHashMap<>();
    JsonNode node = fields.node("logit_bias").orElse(MissingNode.getInstance());
    boolean right =
        node.isMissingNode() || (node.isObject() && node.size() <= SamplingParams.MAX_BIASES);
    for (Map.Entry<String, JsonNode> bias : node.properties()) {
      double value = bias.getValue().isNumber() ? bias.getValue().asDouble() : Double.NaN;
      right &= bias.getKey().matches("\\d{1,9}") && Math.abs(value) <= SamplingParams.MAX_BIAS;
      if (right) {
        biases.put(Integer.valueOf(bias.getKey()), value);
      }
    }
    if (!right) {
      throw ApiException.badValue(
          "logit_bias",
          "an object of up to %d token ids with numbers from -100 to 100"
              .formatted(SamplingParams.MAX_BIASES));
    }
    return biases;
  }

  private static ResponseFormat format(RequestFields fields) {
    Optional<RequestFields> given = fields.object("response_format");
    if (given.isEmpty()) {
      return ResponseFormat.TEXT;
    }
    String type = given.get().text("type").orElse("");
    ResponseFormat format =
        switch (type) {
          case "text" -> ResponseFormat.TEXT;
          case "json_object" -> ResponseFormat.JSON_OBJECT;
          default ->
              throw ApiException.badValue(
                  "response_format.type", "text or json_object, which is all this node does");
        };
    given.get().finish();
    return format;
  }

  private static String model(RequestFields fields) {
    return fields
        .text("model")
        .orElseThrow(() -> ApiException.badValue("model", "the name of a model"));
  }

  private static ChatRequest.Builder builder(String model) {
    try {
      return ChatRequest.builder(model);
    } catch (InfernetException e) {
      throw ApiException.of(404, "invalid_request_error", "model_not_found", e.getMessage());
    }
  }

  private static ChatRequest build(ChatRequest.Builder job) {
    try {
      return job.build();
    } catch (UsageException e) {
      throw ApiException.badRequest(e.getMessage());
    }
  }

  private static List<ChatMessage> messages(RequestFields fields) {
    JsonNode array =
        fields
            .node("messages")
            .filter(node -> node.isArray() && !node.isEmpty())
            .orElseThrow(() -> ApiException.badValue("messages", "an array of messages"));
    List<ChatMessage> messages = new ArrayList<>();
    for (int i = 0; i < array.size(); i++) {
      RequestFields message = new RequestFields(array.get(i), "messages[" + i + "].");
      String role =
          message
              .text("role")
              .orElseThrow(
                  () -> ApiException.badValue(message.nameOf("role"), "system, user or assistant"));
      String content = content(message);
      message.onlyOff("refusal", node -> false);
      message.onlyOff("tool_calls", node -> node.isArray() && node.isEmpty());
      message.finish();
      messages.add(
          new ChatMessage(
              switch (role) {
                case "system", "user", "assistant" -> role;
                // What OpenAI calls the system prompt of newer models.
                case "developer" -> "system";
                default ->
                    throw ApiException.badValue(
                        message.nameOf("role"), "system, developer, user or assistant");
              },
              content));
    }
    return messages;
  }

  /** A string, or parts of type text joined. */
  private static String content(RequestFields message) {
    JsonNode node =
        message
            .node("content")
            .orElseThrow(() -> ApiException.badValue(message.nameOf("content"), "a string"));
    if (node.isTextual()) {
      return node.asText();
    }
    if (!node.isArray()) {
      throw ApiException.badValue(message.nameOf("content"), "a string or an array of parts");
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < node.size(); i++) {
      RequestFields part =
          new RequestFields(node.get(i), message.nameOf("content") + "[" + i + "].");
      String type = part.text("type").orElse("");
      if (!type.equals("text")) {
        throw ApiException.badValue(part.nameOf("type"), "text, which is all this node reads");
      }
      text.append(
          part.text("text")
              .orElseThrow(() -> ApiException.badValue(part.nameOf("text"), "a string")));
      part.finish();
    }
    return text.toString();
  }

  /** A string, an array of strings, an array of token ids, or an array of such arrays. */
  private static List<Prompt> prompts(RequestFields fields) {
    JsonNode node =
        fields
            .node("prompt")
            .orElseThrow(() -> ApiException.badValue("prompt", "text or token ids"));
    if (node.isTextual()) {
      return List.of(new Prompt.Text(node.asText()));
    }
    if (!node.isArray() || node.isEmpty()) {
      throw ApiException.badValue("prompt", "text or token ids");
    }
    if (node.get(0).isIntegralNumber()) {
      return List.of(tokens(node));
    }
    if (node.size() > MAX_PROMPTS) {
      throw ApiException.badValue("prompt", "at most " + MAX_PROMPTS + " prompts");
    }
    List<Prompt> prompts = new ArrayList<>();
    for (JsonNode each : node) {
      prompts.add(each.isTextual() ? new Prompt.Text(each.asText()) : tokens(each));
    }
    return prompts;
  }

  private static Prompt tokens(JsonNode array) {
    if (!array.isArray() || array.isEmpty()) {
      throw ApiException.badValue("prompt", "text or token ids");
    }
    int[] ids = new int[array.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = array.get(i);
      if (!id.isIntegralNumber() || !id.canConvertToInt() || id.asInt() < 0) {
        throw ApiException.badValue("prompt", "token ids, whole numbers from 0");
      }
      ids[i] = id.asInt();
    }
    return new Prompt.Tokens(TokenIds.of(ids));
  }
}
