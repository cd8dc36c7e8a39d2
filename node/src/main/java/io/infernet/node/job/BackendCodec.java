package io.infernet.node.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.infernet.inference.engine.ResponseFormat;
import io.infernet.inference.engine.remote.BackendPrompt;
import io.infernet.inference.engine.remote.CodePoints;
import io.infernet.inference.tokenizer.ChatMessage;
import io.infernet.inference.tokenizer.StreamingDetokenizer;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.inference.tokenizer.TypedTokens;
import io.infernet.node.UsageException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The way to write for models of backends, whose tokenizer only their server has: prompts are
 * {@link BackendPrompt}s, answers {@link CodePoints}. Safe from any thread.
 */
final class BackendCodec implements TextCodec {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  @Override
  public TokenIds encode(String text) {
    return BackendPrompt.text(text).encode();
  }

  @Override
  public TokenIds encode(List<ChatMessage> messages) {
    return BackendPrompt.chat(messages).encode();
  }

  @Override
  public TypedTokens encodeTyped(String text) {
    return TypedTokens.single(CodePoints.ids(text));
  }

  /** What the request asks, with the parameters that it names. */
  static TokenIds encode(ChatRequest request) {
    refuse(request.topLogprobs().isPresent(), "logprobs");
    refuse(!request.logitBias().isEmpty(), "logit_bias");
    refuse(request.maxTokens().orElse(1) == 0, "max_tokens of 0");
    BackendPrompt prompt;
    if (request.prompt() instanceof Prompt.Messages chat) {
      refuse(request.echo(), "echo of a chat");
      prompt = BackendPrompt.chat(chat.messages());
    } else if (request.prompt() instanceof Prompt.Text plain) {
      prompt = BackendPrompt.text(plain.text());
    } else {
      throw new UsageException("the model runs on a backend, which takes no token ids: send text");
    }
    Map<String, JsonNode> parameters = new LinkedHashMap<>();
    request.temperature().ifPresent(v -> parameters.put("temperature", JSON.numberNode(v)));
    request.topP().ifPresent(v -> parameters.put("top_p", JSON.numberNode(v)));
    request.topK().ifPresent(v -> parameters.put("top_k", JSON.numberNode(v)));
    request.minP().ifPresent(v -> parameters.put("min_p", JSON.numberNode(v)));
    request
        .repetitionPenalty()
        .ifPresent(v -> parameters.put("repetition_penalty", JSON.numberNode(v)));
    request
        .presencePenalty()
        .ifPresent(v -> parameters.put("presence_penalty", JSON.numberNode(v)));
    request
        .frequencyPenalty()
        .ifPresent(v -> parameters.put("frequency_penalty", JSON.numberNode(v)));
    if (request.format() == ResponseFormat.JSON_OBJECT) {
      parameters.put("response_format", JSON.objectNode().put("type", "json_object"));
    }
    request.seed().ifPresent(v -> parameters.put("seed", JSON.numberNode(v)));
    if (!request.stop().isEmpty()) {
      ArrayNode stop = JSON.arrayNode();
      request.stop().forEach(stop::add);
      parameters.put("stop", stop);
    }
    return prompt.with(parameters).encode();
  }

  private static void refuse(boolean wanted, String what) {
    if (wanted) {
      throw new UsageException("the model runs on a backend, which does not do " + what);
    }
  }

  @Override
  public int vocabularySize() {
    return CodePoints.VOCABULARY_SIZE;
  }

  @Override
  public String text(int token) {
    return CodePoints.text(TokenIds.of(token));
  }

  @Override
  public StreamingDetokenizer stream() {
    return new StreamingDetokenizer(CodePoints::text);
  }
}
