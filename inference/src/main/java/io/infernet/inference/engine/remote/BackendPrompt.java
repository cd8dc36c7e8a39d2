package io.infernet.inference.engine.remote;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.BoundedJson;
import io.infernet.inference.engine.Penalties;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.tokenizer.ChatMessage;
import io.infernet.inference.tokenizer.StopStrings;
import io.infernet.inference.tokenizer.TokenIds;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What a backend's model is asked. In a job it stands where other models have the tokens of their
 * prompt: as the code points of a JSON object with the fields that OpenAI's API has for it, {@code
 * messages} or {@code prompt} and the sampling parameters that the request named. What is not there
 * the server decides, as it would for any other client.
 *
 * @param messages a chat, which the server puts into the model's template
 * @param text plain text to be continued; exactly one of both is there
 * @param parameters by OpenAI's names, checked
 */
public record BackendPrompt(
    Optional<List<ChatMessage>> messages, Optional<String> text, Map<String, JsonNode> parameters) {

  /** What the sampling parameters of the job itself are, because they stand here. */
  public static final SamplingParams NO_SAMPLING = SamplingParams.greedy();

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private static final Map<String, Predicate<JsonNode>> PARAMETERS =
      Map.of(
          "temperature",
          number(0, SamplingParams.MAX_TEMPERATURE),
          "top_p",
          number(0, 1),
          "top_k",
          node -> node.isIntegralNumber() && node.canConvertToInt() && node.asInt() >= 0,
          "min_p",
          number(0, 1),
          "repetition_penalty",
          number(Penalties.MIN_REPETITION, Penalties.MAX_REPETITION),
          "presence_penalty",
          number(Penalties.MIN, Penalties.MAX),
          "frequency_penalty",
          number(Penalties.MIN, Penalties.MAX),
          "seed",
          node -> node.isIntegralNumber() && node.canConvertToLong(),
          "stop",
          BackendPrompt::areStops,
          "response_format",
          node -> node.size() == 1 && node.path("type").asText().equals("json_object"));

  public BackendPrompt {
    messages = messages.map(List::copyOf);
    if (messages.isPresent() == text.isPresent()) {
      throw new IllegalArgumentException("a prompt is either a chat or a text");
    }
    parameters.forEach(
        (name, value) -> {
          requireNonNull(value, "value is null");
          if (!PARAMETERS.containsKey(name)) {
            throw new InfernetException("models of backends take no parameter '" + name + "'");
          }
          if (!PARAMETERS.get(name).test(value)) {
            throw new InfernetException("'" + name + "' cannot be " + shortened(value));
          }
        });
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
  }

  private static Predicate<JsonNode> number(double min, double max) {
    return node -> node.isNumber() && node.asDouble() >= min && node.asDouble() <= max;
  }

  private static boolean areStops(JsonNode node) {
    if (!node.isArray() || node.isEmpty() || node.size() > StopStrings.MAX_STRINGS) {
      return false;
    }
    for (JsonNode stop : node) {
      if (!stop.isTextual()
          || stop.asText().isEmpty()
          || stop.asText().length() > StopStrings.MAX_LENGTH) {
        return false;
      }
    }
    return true;
  }

  private static String shortened(JsonNode value) {
    String text = value.toString();
    return text.length() > 40 ? text.substring(0, 40) + "…" : text;
  }

  /** A chat without parameters. */
  public static BackendPrompt chat(List<ChatMessage> messages) {
    return new BackendPrompt(Optional.of(messages), Optional.empty(), Map.of());
  }

  /** A text without parameters. */
  public static BackendPrompt text(String text) {
    return new BackendPrompt(Optional.empty(), Optional.of(text), Map.of());
  }

  /**
   * The same prompt with other parameters.
   *
   * @throws InfernetException when one is unknown or cannot have that value
   */
  public BackendPrompt with(Map<String, JsonNode> others) {
    return new BackendPrompt(messages, text, others);
  }

  /** Bytes of what is said, in UTF-8. */
  int textBytes() {
    return messages
        .map(all -> all.stream().mapToInt(message -> bytes(message.content())).sum())
        .orElseGet(() -> bytes(text.orElseThrow()));
  }

  private static int bytes(String value) {
    return value.getBytes(StandardCharsets.UTF_8).length;
  }

  /** As it travels in a job. */
  public TokenIds encode() {
    ObjectNode json = said();
    parameters.forEach(json::set);
    return CodePoints.ids(json.toString());
  }

  /** The beginning of a request to a server. */
  ObjectNode request(BackendKind kind) {
    ObjectNode json = said();
    parameters.forEach((name, value) -> json.set(kind.nameOf(name), value));
    return json;
  }

  private ObjectNode said() {
    ObjectNode json = JSON.objectNode();
    messages.ifPresent(
        all -> {
          ArrayNode array = json.putArray("messages");
          all.forEach(
              message ->
                  array.addObject().put("role", message.role()).put("content", message.content()));
        });
    text.ifPresent(plain -> json.put("prompt", plain));
    return json;
  }

  /**
   * Reads what {@link #encode} writes.
   *
   * @throws InfernetException when it is something else, or has a parameter that is not known
   */
  public static BackendPrompt decode(TokenIds ids) {
    JsonNode json =
        BoundedJson.parse(
            CodePoints.text(ids).getBytes(StandardCharsets.UTF_8), "the prompt of the job");
    Optional<List<ChatMessage>> messages = Optional.empty();
    Optional<String> text = Optional.empty();
    Map<String, JsonNode> parameters = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      JsonNode value = field.getValue();
      if (field.getKey().equals("messages")) {
        messages = Optional.of(messages(value));
      } else if (field.getKey().equals("prompt") && value.isTextual()) {
        text = Optional.of(value.asText());
      } else {
        parameters.put(field.getKey(), value);
      }
    }
    if (messages.isPresent() == text.isPresent()) {
      throw new InfernetException("the prompt of the job is neither a chat nor a text");
    }
    return new BackendPrompt(messages, text, parameters);
  }

  private static List<ChatMessage> messages(JsonNode array) {
    List<ChatMessage> messages = new ArrayList<>();
    for (JsonNode message : array) {
      if (message.size() != 2
          || !message.path("role").isTextual()
          || !message.path("content").isTextual()) {
        throw new InfernetException("the prompt of the job has a message that is none");
      }
      messages.add(new ChatMessage(message.get("role").asText(), message.get("content").asText()));
    }
    if (messages.isEmpty()) {
      throw new InfernetException("the prompt of the job is a chat without messages");
    }
    return messages;
  }
}
