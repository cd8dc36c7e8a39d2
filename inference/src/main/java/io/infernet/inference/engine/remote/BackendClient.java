package io.infernet.inference.engine.remote;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.BoundedJson;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.libp2p.concurrent.Scheduler;
import java.io.ByteArrayOutputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Speaks HTTP with one server. Believes nothing of it: what it sends is bounded, and what takes too
 * long is given up. Safe from any thread; failures are {@code InfernetException}s whose message
 * names the server.
 */
final class BackendClient {

  /** Longest part of a server's own words in an error. */
  private static final int MAX_DETAIL = 300;

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final URI base;
  private final String apiKey;
  private final HttpClient http;
  private final BackendConfig config;
  private final Scheduler scheduler;

  /**
   * @param base without {@code /v1}
   * @param apiKey empty for none
   * @param http with a timeout for connections
   */
  BackendClient(
      URI base, String apiKey, HttpClient http, BackendConfig config, Scheduler scheduler) {
    this.base = base;
    this.apiKey = apiKey;
    this.http = http;
    this.config = config;
    this.scheduler = scheduler;
  }

  /**
   * A whole answer.
   *
   * @param json an object, or a missing node when the body is none
   */
  record Reply(int status, Map<String, List<String>> headers, JsonNode json) {
    boolean isOk() {
      return status == 200;
    }

    boolean hasHeader(String name, String value) {
      return headers.entrySet().stream()
          .filter(header -> header.getKey().equalsIgnoreCase(name))
          .anyMatch(header -> header.getValue().stream().anyMatch(v -> v.startsWith(value)));
    }
  }

  URI base() {
    return base;
  }

  /** Asks; whatever status the server answers with is a result. */
  CompletableFuture<Reply> get(String path, Duration timeout) {
    return send(request(path).GET().build(), timeout);
  }

  /** Asks with a JSON body; whatever status the server answers with is a result. */
  CompletableFuture<Reply> post(String path, JsonNode body, Duration timeout) {
    return send(post(path, body).build(), timeout);
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(URI.create(base + path)).header(Backends.HOP_HEADER, "1");
    if (!apiKey.isEmpty()) {
      builder.header("Authorization", "Bearer " + apiKey);
    }
    return builder;
  }

  private HttpRequest.Builder post(String path, JsonNode body) {
    try {
      return request(path)
          .header("Content-Type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofByteArray(MAPPER.writeValueAsBytes(body)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Cancelling what is returned ends the exchange. */
  private CompletableFuture<Reply> send(HttpRequest request, Duration timeout) {
    CompletableFuture<HttpResponse<byte[]>> exchange =
        http.sendAsync(request, info -> new BoundedBody(config.maxBodyBytes()));
    CompletableFuture<Reply> reply = new CompletableFuture<>();
    Scheduler.Cancellable timer =
        scheduler.schedule(
            timeout, () -> reply.completeExceptionally(failure(new TimeoutException(), timeout)));
    exchange.whenComplete(
        (response, error) -> {
          if (response == null) {
            reply.completeExceptionally(failure(error, timeout));
          } else {
            reply.complete(
                new Reply(response.statusCode(), response.headers().map(), json(response.body())));
          }
        });
    reply.whenComplete(
        (value, error) -> {
          timer.cancel();
          exchange.cancel(true);
        });
    return reply;
  }

  private static JsonNode json(byte[] body) {
    try {
      return BoundedJson.parse(body, "the answer");
    } catch (InfernetException e) {
      return MAPPER.missingNode();
    }
  }

  /** What went wrong, in words for a person. */
  InfernetException failure(Throwable error, Duration timeout) {
    Throwable cause = error;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof InfernetException known) {
      return known;
    }
    if (cause instanceof TimeoutException || cause instanceof HttpTimeoutException) {
      return new BackendException(
          "the backend at %s did not answer within %d ms".formatted(base, timeout.toMillis()));
    }
    if (cause instanceof ConnectException) {
      return new UnreachableException(
          "nothing listens at %s: start the server there, or take it out of backend.urls"
              .formatted(base),
          cause);
    }
    String detail = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return new BackendException("the backend at %s: %s".formatted(base, oneLine(detail)), cause);
  }

  /** Nothing is there at all. */
  static final class UnreachableException extends BackendException {
    private static final long serialVersionUID = 1L;

    UnreachableException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** A server that refuses for now is a busy engine; other errors stay as they are. */
  static RuntimeException asBusy(RuntimeException error) {
    return error instanceof OverloadedException
        ? new EngineBusyException(String.valueOf(error.getMessage()))
        : error;
  }

  /** The server refuses for now. */
  static final class OverloadedException extends BackendException {
    private static final long serialVersionUID = 1L;

    OverloadedException(String message) {
      super(message);
    }
  }

  /** What a status other than 200 means. */
  InfernetException refusal(int status, JsonNode json) {
    String detail = detail(json).map(text -> ": " + text).orElse("");
    return switch (status) {
      case 429, 503 ->
          new OverloadedException(
              "the backend at %s is busy (status %d%s)".formatted(base, status, detail));
      case 401, 403 ->
          new BackendException(
              "the backend at %s wants another key: set backend.api_key".formatted(base));
      default ->
          new BackendException(
              "the backend at %s refused the request (status %d%s)"
                  .formatted(base, status, detail));
    };
  }

  /** The message of an error in any of the shapes that servers give it. */
  static Optional<String> detail(JsonNode json) {
    for (JsonNode candidate :
        List.of(json.path("error").path("message"), json.path("error"), json.path("message"))) {
      if (candidate.isTextual() && !candidate.asText().isBlank()) {
        return Optional.of(oneLine(candidate.asText()));
      }
    }
    return Optional.empty();
  }

  static String oneLine(String text) {
    String line = text.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
    return line.length() > MAX_DETAIL ? line.substring(0, MAX_DETAIL) + "…" : line;
  }

  /** Hears of a streamed answer, one call at a time. */
  interface StreamListener {

    void onEvent(EventStreamParser.Event event);

    /** The server closed the stream as it should. */
    void onEnd();

    /** It is over for another reason. */
    void onError(InfernetException error);
  }

  /** A request whose answer comes as server-sent events. */
  interface OpenStream {

    /** Closes the connection, so that the server stops computing; nothing more is heard. */
    void close();
  }

  /** Asks for a stream of events; the listener is called on threads of the HTTP client. */
  OpenStream stream(String path, JsonNode body, StreamListener listener) {
    HttpRequest request = post(path, body).header("Accept", "text/event-stream").build();
    AtomicReference<Flow.Subscription> connection = new AtomicReference<>();
    Function<HttpResponse.ResponseInfo, HttpResponse.BodySubscriber<byte[]>> bodies =
        info ->
            info.statusCode() == 200
                    && info.headers()
                        .firstValue("Content-Type")
                        .filter(type -> type.startsWith("text/event-stream"))
                        .isPresent()
                ? new EventBody(config.maxEventBytes(), listener::onEvent, connection::set)
                : new BoundedBody(config.maxBodyBytes());
    CompletableFuture<HttpResponse<byte[]>> exchange =
        http.sendAsync(request, info -> bodies.apply(info));
    exchange.whenComplete(
        (response, error) -> {
          if (response == null) {
            listener.onError(failure(error, config.firstTokenTimeout()));
          } else if (response.statusCode() != 200) {
            listener.onError(refusal(response.statusCode(), json(response.body())));
          } else if (connection.get() == null) {
            listener.onError(
                new BackendException("the backend at %s does not stream".formatted(base)));
          } else {
            listener.onEnd();
          }
        });
    return () -> {
      Flow.Subscription open = connection.get();
      if (open != null) {
        open.cancel();
      }
      exchange.cancel(true);
    };
  }

  /** Collects a body up to a size. */
  private static final class BoundedBody implements HttpResponse.BodySubscriber<byte[]> {
    private final int maxBytes;
    private final CompletableFuture<byte[]> body = new CompletableFuture<>();
    private final ByteArrayOutputStream collected = new ByteArrayOutputStream();
    private Flow.@Nullable Subscription subscription;

    BoundedBody(int maxBytes) {
      this.maxBytes = maxBytes;
    }

    @Override
    public CompletionStage<byte[]> getBody() {
      return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      given.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      for (ByteBuffer buffer : buffers) {
        if (collected.size() + buffer.remaining() > maxBytes) {
          body.completeExceptionally(
              new IllegalArgumentException("it sent more than " + maxBytes + " bytes"));
          if (subscription != null) {
            subscription.cancel();
          }
          return;
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        collected.writeBytes(bytes);
      }
      if (subscription != null) {
        subscription.request(1);
      }
    }

    @Override
    public void onError(Throwable error) {
      body.completeExceptionally(error);
    }

    @Override
    public void onComplete() {
      body.complete(collected.toByteArray());
    }
  }

  /** Hands on events as they come, and asks for more when they have been taken. */
  private static final class EventBody implements HttpResponse.BodySubscriber<byte[]> {
    private final EventStreamParser parser;
    private final Consumer<EventStreamParser.Event> events;
    private final Consumer<Flow.Subscription> onOpen;
    private final CompletableFuture<byte[]> body = new CompletableFuture<>();
    private Flow.@Nullable Subscription subscription;

    EventBody(
        int maxEventBytes,
        Consumer<EventStreamParser.Event> events,
        Consumer<Flow.Subscription> onOpen) {
      this.parser = new EventStreamParser(maxEventBytes);
      this.events = events;
      this.onOpen = onOpen;
    }

    @Override
    public CompletionStage<byte[]> getBody() {
      return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      onOpen.accept(given);
      given.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      Flow.Subscription open = subscription;
      if (open == null) {
        return;
      }
      try {
        buffers.forEach(buffer -> parser.feed(buffer, events));
        open.request(1);
      } catch (RuntimeException e) {
        open.cancel();
        body.completeExceptionally(e);
      }
    }

    @Override
    public void onError(Throwable error) {
      body.completeExceptionally(error);
    }

    @Override
    public void onComplete() {
      body.complete(new byte[0]);
    }
  }
}
