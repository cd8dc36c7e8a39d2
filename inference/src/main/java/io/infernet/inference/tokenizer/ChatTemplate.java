package io.infernet.inference.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.BoundedJson;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.jinja.JinjaException;
import io.infernet.inference.jinja.JinjaLimits;
import io.infernet.inference.jinja.JinjaTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A model's own way of writing a conversation as one text: a Jinja template, rendered as Hugging
 * Face's {@code apply_chat_template} does. What people wrote is never taken for template. Safe from
 * any thread.
 */
public final class ChatTemplate {

  /** The special tokens that a template may name, as in {@code tokenizer_config.json}. */
  private static final List<String> SPECIAL_TOKENS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  private final String source;
  private final Map<String, String> specialTokens;
  private final Clock clock;

  /** Null when the template is malformed; {@link #problem} says why. */
  private final @Nullable JinjaTemplate template;

  private final String problem;

  /**
   * Reads a template. A malformed one is refused when it is needed: the model can continue texts.
   *
   * @param source in Jinja
   * @param specialTokens what the template calls {@code bos_token} and so on
   * @param clock for templates that name the day
   */
  public ChatTemplate(String source, Map<String, String> specialTokens, Clock clock) {
    this.source = source;
    this.specialTokens = Map.copyOf(specialTokens);
    this.clock = clock;
    JinjaTemplate parsed = null;
    String reason = "";
    try {
      parsed = JinjaTemplate.parse(source, JinjaLimits.defaults());
    } catch (JinjaException e) {
      reason = String.valueOf(e.getMessage());
    }
    template = parsed;
    problem = reason;
  }

  /**
   * The template of a model folder: {@code chat_template.jinja}, or that in {@code
   * tokenizer_config.json}.
   *
   * @return empty when the model has none: it continues texts and holds no conversations
   * @throws DamagedModelException when a file is malformed
   */
  public static Optional<ChatTemplate> read(Path folder, CheckpointLimits limits, Clock clock) {
    Path configFile = folder.resolve("tokenizer_config.json");
    Path templateFile = folder.resolve("chat_template.jinja");
    Map<String, String> specialTokens = new HashMap<>();
    Optional<String> template = Optional.empty();
    if (Files.exists(configFile)) {
      JsonNode config = BoundedJson.read(configFile, limits.maxConfigBytes());
      for (String name : SPECIAL_TOKENS) {
        JsonNode token = config.path(name);
        String text = token.path("content").asText(token.asText(""));
        if (!token.isNull() && !text.isEmpty()) {
          specialTokens.put(name, text);
        }
      }
      template = template(config.path("chat_template"));
    }
    if (Files.exists(templateFile)) {
      try {
        if (Files.size(templateFile) > limits.maxConfigBytes()) {
          throw new DamagedModelException(
              templateFile + " is longer than " + limits.maxConfigBytes() + " bytes");
        }
        template = Optional.of(Files.readString(templateFile));
      } catch (IOException e) {
        throw new DamagedModelException("cannot read " + templateFile + ": " + e.getMessage(), e);
      }
    }
    return template.map(text -> new ChatTemplate(text, specialTokens, clock));
  }

  /** One text, or a list of named ones of which we take the default. */
  private static Optional<String> template(JsonNode node) {
    if (node.isTextual()) {
      return Optional.of(node.asText());
    }
    for (JsonNode entry : node) {
      if (entry.path("name").asText().equals("default") && entry.path("template").isTextual()) {
        return Optional.of(entry.path("template").asText());
      }
    }
    return Optional.empty();
  }

  /** The special tokens that the template names: the tokenizer must have them. */
  public List<String> neededTokens() {
    return specialTokens.entrySet().stream()
        .filter(token -> source.contains(token.getKey()))
        .map(Map.Entry::getValue)
        .sorted()
        .toList();
  }

  /**
   * Writes a conversation as text, to be encoded without adding special tokens.
   *
   * @param addGenerationPrompt whether the beginning of the answer is added
   * @throws InfernetException when the template is malformed or refuses the conversation
   */
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    if (template == null) {
      throw new InfernetException("the model's chat template is malformed: " + problem);
    }
    List<Map<String, Object>> turns = new ArrayList<>();
    for (ChatMessage message : messages) {
      Map<String, Object> turn = new LinkedHashMap<>();
      turn.put("role", message.role());
      turn.put("content", message.content());
      turns.add(turn);
    }
    Map<String, @Nullable Object> variables = new HashMap<>(specialTokens);
    variables.put("messages", turns);
    variables.put("tools", null);
    variables.put("documents", null);
    variables.put("add_generation_prompt", addGenerationPrompt);
    try {
      return template.render(
          variables,
          Map.of(
              "strftime_now",
              format -> Strftime.format(clock.instant().atZone(clock.getZone()), format)));
    } catch (JinjaException e) {
      throw new InfernetException(
          (e.isRefusal()
                  ? "the model's chat template refuses these messages: "
                  : "the model's chat template cannot be rendered: ")
              + e.getMessage(),
          e);
    }
  }
}
