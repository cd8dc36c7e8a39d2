package io.infernet.node.http;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.InfernetException;
import io.infernet.node.config.HostAndPort;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.job.ChatService;
import io.infernet.node.job.EncodeService;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HttpResponseException;
import io.javalin.util.JavalinBindException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The local HTTP API. Each request has a thread for as long as it lasts; how many there may be is
 * limited. Safe from any thread; its owner starts and closes it.
 */
public final class ApiServer implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ApiServer.class);

  /** Jetty's own: acceptor, selectors and the threads that refuse what is too much. */
  private static final int SPARE_THREADS = 16;

  /**
   * Questions about the node that are answered at once, beside what models are asked: they are
   * brief, and wanted most when everything is busy.
   */
  private static final int MAX_LOOK_UPS = 8;

  /** A client that sends or takes nothing for so long is cut off. */
  private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(30);

  /** How long a large body waits until others have been read. */
  private static final Duration BODY_PATIENCE = Duration.ofSeconds(10);

  private static final String REQUEST_ERROR = "invalid_request_error";

  private final NodeConfig.Api config;
  private final String token;
  private final ChatService chat;
  private final EncodeService encoder;
  private final NodeView node;
  private final Clock clock;
  private final Semaphore requests;
  private final Semaphore lookUps = new Semaphore(MAX_LOOK_UPS);
  private final ObjectMapper mapper =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private @Nullable Javalin server;

  /**
   * @param token a bearer token that is accepted besides the configured key
   * @param chat where answers come from
   * @param encoder where vectors and classes come from
   * @param node what the node tells of itself
   * @param clock for the time of an answer
   */
  public ApiServer(
      NodeConfig.Api config,
      String token,
      ChatService chat,
      EncodeService encoder,
      NodeView node,
      Clock clock) {
    this.config = requireNonNull(config, "config is null");
    this.token = requireNonNull(token, "token is null");
    this.chat = requireNonNull(chat, "chat is null");
    this.encoder = requireNonNull(encoder, "encoder is null");
    this.node = requireNonNull(node, "node is null");
    this.clock = requireNonNull(clock, "clock is null");
    this.requests = new Semaphore(config.maxRequests());
  }

  /**
   * Binds the address and answers from then on.
   *
   * @throws InfernetException when the address is in use or not this machine's
   */
  public synchronized void start() {
    Javalin created = Javalin.create(this::configure);
    try {
      created.start(config.address().host(), config.address().port());
    } catch (JavalinBindException e) {
      throw new InfernetException(
          "cannot open the API on "
              + config.address()
              + " ("
              + rootMessage(e)
              + "): another program may use the port; stop it or choose another with --api"
              + " HOST:PORT",
          e);
    }
    server = created;
  }

  /** Where it answers, with the real port. */
  public synchronized URI baseUri() {
    if (server == null) {
      throw new IllegalStateException("not started");
    }
    return URI.create(
        "http://" + new HostAndPort(config.address().host(), server.port()).toString());
  }

  /** Takes no more requests, lets those under way go on for up to {@code grace}, and closes. */
  public synchronized void stop(Duration grace) {
    if (server != null) {
      server.jettyServer().server().setStopTimeout(grace.toMillis());
      server.stop();
      server = null;
    }
  }

  /** Takes no more requests and ends those under way. */
  @Override
  public void close() {
    stop(Duration.ZERO);
  }

  private void configure(JavalinConfig javalin) {
    javalin.startup.showJavalinBanner = false;
    javalin.startup.showOldJavalinVersionWarning = false;
    javalin.startup.startupWatcherEnabled = false;
    javalin.http.compressionStrategy = CompressionStrategy.NONE;
    javalin.http.prefer405over404 = true;
    QueuedThreadPool threads =
        new QueuedThreadPool(
            config.maxRequests() + MAX_LOOK_UPS + SPARE_THREADS, Math.min(8, SPARE_THREADS));
    threads.setName("http");
    threads.setDaemon(true);
    javalin.jetty.threadPool = threads;
    javalin.jetty.modifyHttpConfiguration(
        http -> {
          http.setSendServerVersion(false);
          http.setIdleTimeout(IDLE_TIMEOUT.toMillis());
        });

    RequestBodies bodies = new RequestBodies(config.maxBodyBytes(), mapper, BODY_PATIENCE);
    CompletionHandler chatCompletions =
        new CompletionHandler(bodies, CompletionRequests::chat, chat, mapper, clock);
    CompletionHandler completions =
        new CompletionHandler(bodies, CompletionRequests::text, chat, mapper, clock);
    EncodeHandler embeddings =
        new EncodeHandler(bodies, EncodeRequests::embeddings, encoder, mapper, clock);
    EncodeHandler classification =
        new EncodeHandler(bodies, EncodeRequests::classification, encoder, mapper, clock);
    NodeAnswers answers = new NodeAnswers(node);
    javalin.routes.before(this::admit);
    javalin.routes.get(
        "/health",
        context -> send(context.status(answers.healthy() ? 200 : 503), answers.health()));
    javalin.routes.get("/api/status", lookUp(context -> send(context, answers.status())));
    javalin.routes.get("/api/peers", lookUp(context -> send(context, answers.peers())));
    javalin.routes.get("/api/models", lookUp(context -> send(context, answers.networkModels())));
    javalin.routes.get("/api/receipts", lookUp(context -> send(context, answers.receipts())));
    javalin.routes.get(
        "/api/receipts/{id}",
        lookUp(context -> send(context, answers.receipt(context.pathParam("id")))));
    javalin.routes.get("/v1/models", lookUp(context -> send(context, answers.models())));
    javalin.routes.get(
        // Names of backends' models may have slashes.
        "/v1/models/<name>",
        lookUp(context -> send(context, answers.model(context.pathParam("name")))));
    javalin.routes.post("/v1/chat/completions", limited(chatCompletions::handle));
    javalin.routes.post("/v1/completions", limited(completions::handle));
    javalin.routes.post("/v1/embeddings", limited(embeddings::handle));
    javalin.routes.post("/v1/classify", limited(classification::handle));
    javalin.routes.exception(
        CompletionHandler.ResponseOverException.class,
        (e, context) -> LOG.debug("a client went away"));
    javalin.routes.exception(Exception.class, (e, context) -> sendError(context, e));
    javalin.routes.exception(
        HttpResponseException.class, (e, context) -> sendError(context, ofJavalin(e, context)));
  }

  /** What Javalin itself answers, in our shape: unknown paths and wrong methods. */
  private static ApiException ofJavalin(HttpResponseException error, Context context) {
    String request = context.method() + " " + context.path();
    return switch (error.getStatus()) {
      case 404 -> ApiException.of(404, REQUEST_ERROR, "not_found", "There is no " + request + ".");
      case 405 ->
          ApiException.of(
              405, REQUEST_ERROR, "method_not_allowed", "This path does not take " + request + ".");
      default ->
          ApiException.of(
              error.getStatus(), REQUEST_ERROR, "refused", String.valueOf(error.getMessage()));
    };
  }

  /** Keeps strangers out: web pages of other origins, and those without the key. */
  private void admit(Context context) {
    if (config.key().isEmpty()) {
      // Without a key only loopback is bound; what remains is a web page that gets at it through
      // the browser, by its own origin or by a name that it pointed here (DNS rebinding).
      if (!isLoopbackName(context.header("Host"))) {
        throw ApiException.of(
            403,
            REQUEST_ERROR,
            "foreign_host",
            "The Host header must name this machine, such as localhost.");
      }
    } else if (!context.path().equals("/health") && !hasKey(context.header("Authorization"))) {
      context.header("WWW-Authenticate", "Bearer");
      throw ApiException.of(
          401,
          REQUEST_ERROR,
          "invalid_api_key",
          "Send this node's API key as 'Authorization: Bearer KEY'.");
    }
    String origin = context.header("Origin");
    if (origin != null && !origin.equals("http://" + context.header("Host"))) {
      throw ApiException.of(
          403, REQUEST_ERROR, "foreign_origin", "Web pages of other origins may not use this API.");
    }
  }

  private static boolean isLoopbackName(@Nullable String host) {
    if (host == null) {
      return false;
    }
    try {
      return HostAndPort.parse(host.matches(".*:\\d+") ? host : host + ":80").isLoopback();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private boolean hasKey(@Nullable String authorization) {
    if (authorization == null || !authorization.startsWith("Bearer ")) {
      return false;
    }
    byte[] sent = authorization.substring("Bearer ".length()).getBytes(StandardCharsets.UTF_8);
    // Both are compared in constant time, so that the time tells nothing of the key.
    boolean isKey = MessageDigest.isEqual(sent, config.key().getBytes(StandardCharsets.UTF_8));
    boolean isToken = MessageDigest.isEqual(sent, token.getBytes(StandardCharsets.UTF_8));
    return isKey || isToken;
  }

  private Handler limited(Handler handler) {
    return limited(requests, config.maxRequests(), handler);
  }

  private Handler lookUp(Handler handler) {
    return limited(lookUps, MAX_LOOK_UPS, handler);
  }

  private static Handler limited(Semaphore places, int count, Handler handler) {
    return context -> {
      if (!places.tryAcquire()) {
        context.header("Retry-After", "1");
        throw ApiException.of(
            429,
            "rate_limit_error",
            "too_many_requests",
            "This node answers " + count + " such requests at once; try again.");
      }
      try {
        handler.handle(context);
      } finally {
        places.release();
      }
    };
  }

  private void send(Context context, ObjectNode body) throws IOException {
    context.contentType("application/json").result(mapper.writeValueAsBytes(body));
  }

  private void sendError(Context context, Exception error) {
    ApiException known = ApiErrors.of(error);
    if (context.res().isCommitted()) {
      return;
    }
    context
        .status(known.status())
        .contentType("application/json")
        .result(known.toJson().toString());
  }

  private static String rootMessage(Throwable error) {
    Throwable cause = error;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }
}
