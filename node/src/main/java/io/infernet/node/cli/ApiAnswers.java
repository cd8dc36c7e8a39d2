package io.infernet.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.ResponseFormat;
import io.infernet.inference.engine.Usage;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.node.UsageException;
import io.infernet.node.job.Attempt;
import io.infernet.node.job.ChatEvent;
import io.infernet.node.job.ChatRequest;
import io.infernet.node.job.ChatResult;
import io.infernet.node.job.Prompt;
import io.infernet.node.job.Provider;
import io.infernet.node.job.VerifyMode;
import io.infernet.verification.commitment.JobId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks the running node through its API, with the types of {@code node.job}, so that {@code run}
 * does not care who answers. Safe from any thread.
 */
final class ApiAnswers implements Answers {

  private final LocalApi api;
  private volatile @Nullable HttpURLConnection current;

  ApiAnswers(LocalApi api) {
    this.api = api;
  }

  @Override
  public ChatResult ask(ChatRequest request, Consumer<ChatEvent> events) {
    HttpURLConnection connection = api.post("/v1/chat/completions", body(request));
    current = connection;
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8))) {
      return new StreamReader(request, events).read(lines);
    } catch (IOException e) {
      throw api.lost(e);
    } finally {
      current = null;
    }
  }

  @Override
  public void close() {
    HttpURLConnection connection = current;
    if (connection != null) {
      connection.disconnect();
    }
  }

  private static ObjectNode body(ChatRequest request) {
    ObjectNode body = Json.object().put("model", request.model().toString()).put("stream", true);
    body.putObject("stream_options").put("include_usage", true);
    ArrayNode messages = body.putArray("messages");
    if (!(request.prompt() instanceof Prompt.Messages chat)) {
      throw new UsageException("only chats go through the API");
    }
    chat.messages()
        .forEach(
            message ->
                messages.addObject().put("role", message.role()).put("content", message.content()));
    request.maxTokens().ifPresent(value -> body.put("max_tokens", value));
    request.temperature().ifPresent(value -> body.put("temperature", value));
    request.topP().ifPresent(value -> body.put("top_p", value));
    request.topK().ifPresent(value -> body.put("top_k", value));
    request.minP().ifPresent(value -> body.put("min_p", value));
    request.repetitionPenalty().ifPresent(value -> body.put("repetition_penalty", value));
    request.presencePenalty().ifPresent(value -> body.put("presence_penalty", value));
    request.frequencyPenalty().ifPresent(value -> body.put("frequency_penalty", value));
    if (request.format() == ResponseFormat.JSON_OBJECT) {
      body.putObject("response_format").put("type", "json_object");
    }
    request.stop().forEach(text -> body.withArray("stop").add(text));
    request.seed().ifPresent(value -> body.put("seed", value));
    ObjectNode infernet = Json.object();
    request.deadline().ifPresent(value -> infernet.put("deadline_ms", value.toMillis()));
    request.maxPrice().ifPresent(value -> infernet.put("max_price", value));
    if (request.verify() != VerifyMode.NONE) {
      infernet.put("verify", request.verify().toString());
    }
    if (!infernet.isEmpty()) {
      body.set("infernet", infernet);
    }
    return body;
  }

  /** Turns one stream of server-sent events back into the job's own. */
  private static final class StreamReader {
    private final ChatRequest request;
    private final Consumer<ChatEvent> events;
    private final ObjectMapper mapper = new ObjectMapper();
    private final StringBuilder text = new StringBuilder();
    private @Nullable Provider provider;
    private @Nullable JsonNode end;
    private String finishReason = "";
    private Usage usage = new Usage(0, 0);

    StreamReader(ChatRequest request, Consumer<ChatEvent> events) {
      this.request = request;
      this.events = events;
    }

    ChatResult read(BufferedReader lines) throws IOException {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.equals("data: [DONE]")) {
          return result();
        }
        if (line.startsWith("data: ")) {
          read(mapper.readTree(line.substring("data: ".length())));
        }
      }
      throw new IOException("the stream ended early");
    }

    private void read(JsonNode chunk) {
      if (chunk.has("error")) {
        throw LocalApi.exceptionOf(chunk);
      }
      JsonNode choice = chunk.path("choices").path(0);
      JsonNode infernet = chunk.path("infernet");
      if (infernet.has("switched_from")) {
        Provider from = new Provider(PeerId.parse(infernet.get("switched_from").asText()), false);
        provider = provider(infernet);
        events.accept(
            new ChatEvent.Switched(
                from, provider, infernet.path("reason").asText(), infernet.path("tokens").asInt()));
      } else if (infernet.has("verdict")) {
        end = infernet;
        finishReason = choice.path("finish_reason").asText();
      } else if (infernet.has("provider")) {
        provider = provider(infernet);
        events.accept(
            new ChatEvent.Started(
                JobId.parse(infernet.path("job").asText()),
                provider,
                Cid.parse(infernet.path("model_cid").asText()),
                0));
      }
      String delta = choice.path("delta").path("content").asText("");
      if (!delta.isEmpty()) {
        text.append(delta);
        events.accept(new ChatEvent.Text(delta, List.of()));
      }
      JsonNode counted = chunk.path("usage");
      if (counted.isObject()) {
        usage =
            new Usage(
                counted.path("prompt_tokens").asInt(), counted.path("completion_tokens").asInt());
      }
    }

    private ChatResult result() throws IOException {
      JsonNode infernet = end;
      if (infernet == null) {
        throw new IOException("the stream ended without a result");
      }
      List<Attempt> attempts = new ArrayList<>();
      for (JsonNode attempt : infernet.path("attempts")) {
        attempts.add(
            new Attempt(
                provider(attempt),
                valueOf(Attempt.Outcome.values(), attempt.path("outcome").asText()),
                attempt.path("detail").asText(),
                attempt.path("tokens").asInt(),
                millis(attempt.path("ms"))));
      }
      ChatResult result =
          new ChatResult(
              JobId.parse(infernet.path("job").asText()),
              request.model(),
              Cid.parse(infernet.path("model_cid").asText()),
              text.toString(),
              List.of(),
              usage,
              finishReason.equals("stop") ? FinishReason.STOP : FinishReason.LENGTH,
              provider(infernet),
              Optional.of(infernet.path("receipt"))
                  .filter(JsonNode::isTextual)
                  .map(JsonNode::asText),
              valueOf(ChatResult.Verdict.values(), infernet.path("verdict").asText()),
              infernet.path("price").asLong(),
              new ChatResult.Timings(
                  millis(infernet.path("first_token_ms")), millis(infernet.path("total_ms"))),
              attempts);
      events.accept(new ChatEvent.Finished(result));
      return result;
    }

    private static Provider provider(JsonNode object) {
      return new Provider(
          PeerId.parse(object.path("provider").asText()), object.path("local").asBoolean());
    }

    private static Duration millis(JsonNode value) {
      return Duration.ofNanos((long) (value.asDouble() * 1e6));
    }

    private static <E extends Enum<E>> E valueOf(E[] values, String text) {
      for (E value : values) {
        if (value.toString().equals(text)) {
          return value;
        }
      }
      throw new InfernetException(
          "the running node is of another version: it says \"" + text + "\"; restart it");
    }
  }
}
