package io.infernet.inference.engine.remote;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.BoundedJson;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.GeneratedToken;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.engine.Usage;
import io.infernet.libp2p.concurrent.Scheduler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One answer that a backend streams. Its text goes on as code points. What a model thinks before it
 * answers, where the server tells the two apart, stands in {@code <think>} tags, as the model
 * itself wrote it. Safe from any thread.
 */
final class BackendAnswer implements Generation, BackendClient.StreamListener {

  private static final String THINK = "<think>\n";
  private static final String END_OF_THOUGHT = "\n</think>\n\n";

  /** Events without text, such as those that say who speaks, or that the server is still there. */
  private static final int MAX_SILENT_EVENTS = 10_000;

  private final GenerationRequest request;
  private final BackendPrompt prompt;
  private final Backends.Place place;
  private final Backends backends;
  private final TokenListener listener;
  private final Consumer<BackendAnswer> onEnd;
  private final int maxLength;

  // Guarded by this.
  private BackendClient.@Nullable OpenStream stream;
  private Scheduler.Cancellable timer = () -> {};
  private boolean over;
  private boolean thinking;
  private @Nullable FinishReason finish;
  private Optional<JsonNode> usage = Optional.empty();

  /** The first half of a character that came in two pieces; 0 when there is none. */
  private char half;

  /** Code points and UTF-8 bytes so far, and pieces of text: a piece is at least a token. */
  private int length;

  private int bytes;
  private int pieces;

  /** Grows with every event; a timer that finds it unchanged ends the answer. */
  private long events;

  /**
   * @param onEnd called once when the answer has ended
   */
  BackendAnswer(
      GenerationRequest request,
      BackendPrompt prompt,
      Backends.Place place,
      Backends backends,
      TokenListener listener,
      Consumer<BackendAnswer> onEnd) {
    this.request = request;
    this.prompt = prompt;
    this.place = place;
    this.backends = backends;
    this.listener = listener;
    this.onEnd = onEnd;
    this.maxLength =
        Math.min(
            backends.config().maxAnswerChars(), BackendUsage.maxAnswerLength(request.maxTokens()));
  }

  void start() {
    BackendClient.OpenStream opened =
        place.client().stream(
            prompt.messages().isPresent() ? "/v1/chat/completions" : "/v1/completions",
            body(),
            this);
    synchronized (this) {
      stream = opened;
      if (over) {
        opened.close();
      } else {
        watch(backends.config().firstTokenTimeout());
      }
    }
  }

  private ObjectNode body() {
    ObjectNode body = prompt.request(place.kind());
    body.put("model", place.model().id())
        .put("max_tokens", request.maxTokens())
        .put("stream", true);
    ObjectNode options = body.putObject("stream_options").put("include_usage", true);
    if (place.kind().continuousUsage()) {
      options.put("continuous_usage_stats", true);
    }
    return body;
  }

  /** Ends the answer when nothing comes for that long. */
  private void watch(Duration patience) {
    long seen = events;
    timer =
        backends
            .scheduler()
            .schedule(
                patience,
                () -> {
                  synchronized (this) {
                    if (over) {
                      return;
                    }
                    if (events != seen) {
                      watch(backends.config().tokenTimeout());
                      return;
                    }
                  }
                  end(
                      new BackendException(
                          "the backend at %s sent nothing for %d ms"
                              .formatted(place.client().base(), patience.toMillis())));
                });
  }

  @Override
  public void onEvent(EventStreamParser.Event event) {
    synchronized (this) {
      if (over) {
        return;
      }
      events++;
      if (events == 1) {
        timer.cancel();
        watch(backends.config().tokenTimeout());
      }
      if (event.data().strip().equals("[DONE]")) {
        onDone();
        return;
      }
      try {
        if (events > MAX_SILENT_EVENTS + 2L * request.maxTokens()) {
          throw new BackendException(
              "the backend at %s sent more events than %d tokens can be"
                  .formatted(place.client().base(), request.maxTokens()));
        }
        read(BoundedJson.parse(event.data().getBytes(StandardCharsets.UTF_8), "it"), event);
      } catch (InfernetException e) {
        end(
            e instanceof BackendException
                ? e
                : new BackendException(
                    "the backend at %s sent what is no answer: %s"
                        .formatted(
                            place.client().base(),
                            BackendClient.oneLine(String.valueOf(e.getMessage())))));
      }
    }
  }

  private void read(JsonNode json, EventStreamParser.Event event) {
    if (event.name().equals("error")
        || json.hasNonNull("error")
        || json.path("object").asText().equals("error")) {
      throw new BackendException(
          "the backend at %s failed in mid-answer%s"
              .formatted(
                  place.client().base(),
                  BackendClient.detail(json).map(text -> ": " + text).orElse("")));
    }
    if (json.path("usage").isObject()) {
      usage = Optional.of(json.get("usage"));
    }
    for (JsonNode choice : json.path("choices")) {
      if (choice.path("index").asInt() == 0) {
        read(choice);
      }
    }
  }

  private void read(JsonNode choice) {
    JsonNode delta = choice.path("delta");
    // vLLM, SGLang and llama.cpp call it the one, Ollama and newer vLLM the other.
    String thought = text(delta.path("reasoning_content")) + text(delta.path("reasoning"));
    String said = text(delta.path("content")) + text(choice.path("text"));
    if (!thought.isEmpty()) {
      pieces++;
      say(thinking ? thought : THINK + thought);
      thinking = true;
    }
    if (!said.isEmpty()) {
      pieces++;
      say(thinking ? END_OF_THOUGHT + said : said);
      thinking = false;
    }
    JsonNode reason = choice.path("finish_reason");
    if (reason.isTextual() && !over) {
      finish =
          switch (reason.asText()) {
            case "stop", "eos_token", "stop_sequence" -> FinishReason.STOP;
            case "length" -> FinishReason.LENGTH;
            default ->
                throw new BackendException(
                    "the backend at %s ended the answer with '%s'"
                        .formatted(place.client().base(), BackendClient.oneLine(reason.asText())));
          };
    }
  }

  private static String text(JsonNode node) {
    return node.isTextual() ? node.asText() : "";
  }

  private void say(String text) {
    String whole = half == 0 ? text : half + text;
    half = 0;
    char last = whole.charAt(whole.length() - 1);
    if (Character.isHighSurrogate(last)) {
      half = last;
      whole = whole.substring(0, whole.length() - 1);
    }
    tell(whole);
  }

  private void tell(String text) {
    var ids = CodePoints.ids(text);
    if (length + ids.size() > maxLength) {
      throw new BackendException(
          "the backend at %s sent more text than %d tokens can be"
              .formatted(place.client().base(), request.maxTokens()));
    }
    for (int i = 0; i < ids.size(); i++) {
      bytes += CodePoints.utf8Length(ids.get(i));
      listener.onToken(new GeneratedToken(length++, ids.get(i), Optional.empty()));
    }
  }

  /** The server says that it is done. */
  private void onDone() {
    if (finish == null) {
      end(
          new BackendException(
              "the backend at %s ended the answer without saying why"
                  .formatted(place.client().base())));
      return;
    }
    if (half != 0 && length < maxLength) {
      tell(String.valueOf(half));
    }
    close(finish);
  }

  @Override
  public void onEnd() {
    synchronized (this) {
      if (over) {
        return;
      }
      if (finish != null) {
        onDone();
      } else {
        end(
            new BackendException(
                "the backend at %s closed the connection in mid-answer"
                    .formatted(place.client().base())));
      }
    }
  }

  @Override
  public void onError(InfernetException error) {
    end(error);
  }

  @Override
  public void cancel() {
    synchronized (this) {
      if (!over) {
        close(FinishReason.CANCELLED);
      }
    }
  }

  /** The answer has ended as it should. */
  private void close(FinishReason reason) {
    release();
    place.leave();
    listener.onFinish(reason, usage());
    onEnd.accept(this);
  }

  private void end(InfernetException error) {
    synchronized (this) {
      if (over) {
        return;
      }
      if (finish != null) {
        // All text is there; only the server's last words are missing.
        onDone();
        return;
      }
      release();
      place.leave(error);
      listener.onError(BackendClient.asBusy(error));
      onEnd.accept(this);
    }
  }

  private void release() {
    over = true;
    timer.cancel();
    if (stream != null) {
      stream.close();
    }
  }

  /**
   * What the server counted, as far as that is possible; where it was cut off before it said, the
   * pieces of text, and the usual number of tokens for a prompt of that size.
   */
  private Usage usage() {
    int promptBytes = CodePoints.utf8Length(request.prompt());
    int saidPrompt = figure("prompt_tokens");
    int saidCompletion = figure("completion_tokens");
    int most = BackendUsage.maxCompletionTokens(request.maxTokens(), bytes);
    return new Usage(
        saidPrompt > 0
            ? Math.min(saidPrompt, BackendUsage.maxPromptTokens(promptBytes))
            : BackendUsage.usualPromptTokens(prompt.textBytes()),
        Math.max(
            length > 0 ? 1 : 0, Math.min(most, saidCompletion >= 0 ? saidCompletion : pieces)));
  }

  private int figure(String name) {
    return usage
        .map(said -> said.path(name))
        .filter(node -> node.isIntegralNumber() && node.canConvertToInt() && node.asInt() >= 0)
        .map(JsonNode::asInt)
        .orElse(-1);
  }
}
