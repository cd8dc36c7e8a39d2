package io.infernet.inference.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.BoundedJson;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DamagedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A model's own way of writing a conversation as one text: a Jinja template, rendered as Hugging
 * Face's {@code apply_chat_template} does. What people wrote is never taken for template. Safe from
 * any thread.
 */
public final class ChatTemplate {

  /** Longest rendered text in characters. */
  private static final int MAX_OUTPUT = 16 << 20;

  private static final int MAX_RANGE = 10_000;
  private static final List<String> SPECIAL_TOKENS =
      List.of("bos_token", "eos_token", "unk_token", "pad_token");

  private final String template;
  private final Map<String, String> specialTokens;
  private final Clock clock;
  private final Jinjava jinjava;

  /**
   * @param template in Jinja
   * @param specialTokens what the template calls {@code bos_token} and so on
   * @param clock for templates that name the day
   */
  public ChatTemplate(String template, Map<String, String> specialTokens, Clock clock) {
    // As Python's Jinja does by default: the last line's end is the file's, not the template's.
    this.template =
        template.endsWith("\n") ? template.substring(0, template.length() - 1) : template;
    this.specialTokens = Map.copyOf(specialTokens);
    this.clock = clock;
    jinjava =
        new Jinjava(
            JinjavaConfig.newBuilder()
                .withTrimBlocks(true)
                .withLstripBlocks(true)
                .withNestedInterpretationEnabled(false)
                .withMaxOutputSize(MAX_OUTPUT)
                .withRangeLimit(MAX_RANGE)
                .withElResolver(new PythonStrings())
                .withLegacyOverrides(
                    LegacyOverrides.newBuilder()
                        .withIterateOverMapKeys(true)
                        .withUsePyishObjectMapper(true)
                        .withUseNaturalOperatorPrecedence(true)
                        .withParseWhitespaceControlStrictly(true)
                        .withKeepNullableLoopValues(true)
                        .withUseTrimmingForNotesAndExpressions(true)
                        .build())
                .build());
    jinjava
        .getGlobalContext()
        .registerFunction(
            new ELFunctionDefinition(
                "", "raise_exception", TemplateFunctions.class, "raiseException", String.class));
    jinjava
        .getGlobalContext()
        .registerFunction(
            new ELFunctionDefinition(
                "", "strftime_now", TemplateFunctions.class, "strftimeNow", String.class));
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

  /**
   * Writes a conversation as text, to be encoded without adding special tokens.
   *
   * @param addGenerationPrompt whether the beginning of the answer is added
   * @throws InfernetException when the template refuses the conversation
   */
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    Map<String, Object> bindings = new HashMap<>(specialTokens);
    bindings.put(
        "messages",
        messages.stream()
            .map(message -> Map.of("role", message.role(), "content", message.content()))
            .toList());
    bindings.put("add_generation_prompt", addGenerationPrompt);
    // Templates ask whether this function is defined; Jinjava looks only among the variables.
    bindings.put("strftime_now", true);
    bindings.put(TemplateFunctions.NOW, clock.instant().atZone(clock.getZone()));
    RenderResult result = jinjava.renderForResult(template, bindings);
    for (TemplateError error : result.getErrors()) {
      if (error.getSeverity() == TemplateError.ErrorType.FATAL) {
        throw new InfernetException(
            "the model's chat template refuses these messages: "
                + TemplateFunctions.reason(error.getException(), error.getMessage()));
      }
    }
    return result.getOutput();
  }
}
