package io.infernet.node.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.model.ModelManifest;
import io.infernet.node.job.AnswerToken;
import io.infernet.node.job.ChatEvent;
import io.infernet.node.job.ChatResult;
import io.infernet.node.job.ChatResultJson;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes answers in OpenAI's shapes, whole or chunk by chunk, with the {@code infernet} object that
 * says how each came about. One instance writes one response; used by one thread.
 */
final class CompletionAnswers {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** What a text shows where bytes are only part of a character. */
  private static final char REPLACEMENT = '\uFFFD';

  private final CompletionRequests.Parsed request;
  private final long created;
  private String id = "";

  /**
   * @param created Unix seconds
   */
  CompletionAnswers(CompletionRequests.Parsed request, long created) {
    this.request = request;
    this.created = created;
  }

  /** The whole response to all prompts. */
  ObjectNode whole(List<ChatResult> results) {
    name(results.get(0).job().toString());
    ObjectNode body = frame(request.chat() ? "chat.completion" : "text_completion");
    ArrayNode choices = body.putArray("choices");
    for (int i = 0; i < results.size(); i++) {
      ChatResult result = results.get(i);
      ObjectNode choice = choices.addObject().put("index", i);
      if (request.chat()) {
        choice
            .putObject("message")
            .put("role", "assistant")
            .put("content", result.text())
            .putNull("refusal");
      } else {
        choice.put("text", result.text());
      }
      putLogprobs(choice, i, result.tokens(), 0);
      choice.put("finish_reason", finishReason(result));
    }
    body.set("usage", usage(results.stream().map(ChatResult::usage).toList()));
    body.set("infernet", ChatResultJson.write(results.get(0)));
    if (results.size() > 1) {
      // One job for each prompt: each choice says how it came about.
      for (int i = 0; i < results.size(); i++) {
        ((ObjectNode) choices.get(i)).set("infernet", ChatResultJson.write(results.get(i)));
      }
    }
    return body;
  }

  /** The chunk that says who answers. */
  ObjectNode started(int index, ChatEvent.Started event) {
    if (id.isEmpty()) {
      name(event.job().toString());
    }
    ObjectNode chunk = chunk();
    ObjectNode choice = choice(chunk, index);
    if (request.chat()) {
      choice.putObject("delta").put("role", "assistant").put("content", "");
    } else {
      choice.put("text", "");
    }
    chunk
        .putObject("infernet")
        .put("job", event.job().toString())
        .put("provider", event.provider().peer().toString())
        .put("local", event.provider().local())
        .put("model_cid", event.model().toString())
        .put("fingerprintable", !ModelManifest.isBackend(event.model()));
    return chunk;
  }

  /**
   * More of the answer.
   *
   * @param textBefore characters of the tokens that were sent before
   */
  ObjectNode text(int index, ChatEvent.Text event, int textBefore) {
    ObjectNode chunk = chunk();
    ObjectNode choice = choice(chunk, index);
    putDelta(choice, event.delta());
    putLogprobs(choice, index, event.tokens(), textBefore);
    return chunk;
  }

  /** The chunk that says that another provider goes on. */
  ObjectNode switched(int index, ChatEvent.Switched event) {
    ObjectNode chunk = chunk();
    putDelta(choice(chunk, index), "");
    chunk
        .putObject("infernet")
        .put("provider", event.to().peer().toString())
        .put("local", event.to().local())
        .put("switched_from", event.from().peer().toString())
        .put("reason", event.reason())
        .put("tokens", event.tokens());
    return chunk;
  }

  /** The end of one answer. */
  ObjectNode finished(int index, ChatResult result) {
    ObjectNode chunk = chunk();
    ObjectNode choice = choice(chunk, index);
    if (request.chat()) {
      choice.putObject("delta");
    } else {
      choice.put("text", "");
    }
    choice.put("finish_reason", finishReason(result));
    chunk.set("infernet", ChatResultJson.write(result));
    return chunk;
  }

  /** The last chunk, for those who asked for usage. */
  ObjectNode usageChunk(List<Usage> usages) {
    ObjectNode chunk = chunk();
    chunk.set("choices", JSON.arrayNode());
    chunk.set("usage", usage(usages));
    return chunk;
  }

  private void name(String job) {
    id = (request.chat() ? "chatcmpl-" : "cmpl-") + job;
  }

  private ObjectNode frame(String object) {
    return JSON.objectNode()
        .put("id", id)
        .put("object", object)
        .put("created", created)
        .put("model", request.model());
  }

  private ObjectNode chunk() {
    ObjectNode chunk = frame(request.chat() ? "chat.completion.chunk" : "text_completion");
    if (request.includeUsage()) {
      chunk.putNull("usage");
    }
    return chunk;
  }

  private static ObjectNode choice(ObjectNode chunk, int index) {
    return chunk
        .putArray("choices")
        .addObject()
        .put("index", index)
        .putNull("logprobs")
        .putNull("finish_reason");
  }

  private void putDelta(ObjectNode choice, String text) {
    if (request.chat()) {
      choice.putObject("delta").put("content", text);
    } else {
      choice.put("text", text);
    }
  }

  private static String finishReason(ChatResult result) {
    return result.finishReason() == FinishReason.STOP ? "stop" : "length";
  }

  private static ObjectNode usage(List<Usage> usages) {
    int prompt = usages.stream().mapToInt(Usage::promptTokens).sum();
    int completion = usages.stream().mapToInt(Usage::completionTokens).sum();
    return JSON.objectNode()
        .put("prompt_tokens", prompt)
        .put("completion_tokens", completion)
        .put("total_tokens", prompt + completion);
  }

  private void putLogprobs(ObjectNode choice, int index, List<AnswerToken> tokens, int textBefore) {
    if (request.jobs().get(index).topLogprobs().isEmpty()) {
      choice.putNull("logprobs");
    } else if (request.chat()) {
      choice.set("logprobs", chatLogprobs(tokens));
    } else {
      choice.set("logprobs", legacyLogprobs(tokens, textBefore));
    }
  }

  private static ObjectNode chatLogprobs(List<AnswerToken> tokens) {
    ObjectNode logprobs = JSON.objectNode();
    ArrayNode content = logprobs.putArray("content");
    logprobs.putNull("refusal");
    for (AnswerToken token : tokens) {
      token
          .score()
          .ifPresent(
              score -> {
                ObjectNode entry = content.addObject();
                putToken(entry, token.text(), score.logprob());
                ArrayNode top = entry.putArray("top_logprobs");
                score
                    .top()
                    .forEach(other -> putToken(top.addObject(), other.text(), other.logprob()));
              });
    }
    return logprobs;
  }

  private static void putToken(ObjectNode entry, String text, double logprob) {
    entry.put("token", text).put("logprob", logprob);
    if (text.indexOf(REPLACEMENT) >= 0) {
      entry.putNull("bytes");
      return;
    }
    ArrayNode bytes = entry.putArray("bytes");
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      bytes.add(b & 0xff);
    }
  }

  /** Characters that a token stands for by itself. */
  static int length(AnswerToken token) {
    return token.text().codePointCount(0, token.text().length());
  }

  /**
   * Four parallel arrays. The first token of an echoed prompt has no log-probability: null. Offsets
   * count the characters of the returned text before each token.
   */
  private static ObjectNode legacyLogprobs(List<AnswerToken> tokens, int textBefore) {
    ObjectNode logprobs = JSON.objectNode();
    ArrayNode texts = logprobs.putArray("tokens");
    ArrayNode chosen = logprobs.putArray("token_logprobs");
    ArrayNode tops = logprobs.putArray("top_logprobs");
    ArrayNode offsets = logprobs.putArray("text_offset");
    int offset = textBefore;
    for (AnswerToken token : tokens) {
      texts.add(token.text());
      offsets.add(offset);
      offset += length(token);
      if (token.score().isEmpty()) {
        chosen.addNull();
        tops.addNull();
        continue;
      }
      AnswerToken.Score score = token.score().get();
      chosen.add(score.logprob());
      ObjectNode top = tops.addObject();
      // Different tokens can look the same; the likelier one, which comes first, stays.
      score
          .top()
          .forEach(
              other -> {
                if (!top.has(other.text())) {
                  top.put(other.text(), other.logprob());
                }
              });
      if (!top.has(token.text())) {
        top.put(token.text(), score.logprob());
      }
    }
    return logprobs;
  }
}
