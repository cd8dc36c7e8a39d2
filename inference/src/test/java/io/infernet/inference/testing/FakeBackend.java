package io.infernet.inference.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A server on loopback that speaks OpenAI's API in the dialect of one of the programs that do, and
 * answers as it is told. Real time, real sockets. Safe from any thread.
 */
public final class FakeBackend implements AutoCloseable {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** How one request is answered. */
  @FunctionalInterface
  public interface Script {
    void answer(Request request) throws IOException, InterruptedException;
  }

  /** A request to a scripted path, and the way to answer it. */
  public static final class Request {
    private final HttpExchange exchange;
    private final JsonNode body;

    Request(HttpExchange exchange, JsonNode body) {
      this.exchange = exchange;
      this.body = body;
    }

    public JsonNode body() {
      return body;
    }

    public String path() {
      return exchange.getRequestURI().getPath();
    }

    /** The value of a header; empty when it is not there. */
    public String header(String name) {
      String value = exchange.getRequestHeaders().getFirst(name);
      return value == null ? "" : value;
    }

    /** Answers in one piece. */
    public void reply(int status, String json) throws IOException {
      byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
    }

    /** Begins a stream of events. */
    public OutputStream stream() throws IOException {
      exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
      exchange.sendResponseHeaders(200, 0);
      return exchange.getResponseBody();
    }

    /** Sends these lines of a stream and ends it. */
    public void events(String... lines) throws IOException {
      OutputStream out = stream();
      for (String line : lines) {
        send(out, line + "\n\n");
      }
    }

    /** Sends a piece of a stream now. */
    public static void send(OutputStream out, String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.flush();
    }
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, String> documents = new LinkedHashMap<>();
  private final List<Request> requests = new ArrayList<>();
  private final BlockingQueue<String> brokenOff = new LinkedBlockingQueue<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private Script script = request -> request.reply(500, "{}");
  private String serverHeader = "";

  private FakeBackend(int port) {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** A server that knows no path yet, on any free port. */
  public static FakeBackend start() {
    return new FakeBackend(0);
  }

  /** The same on a given port. */
  public static FakeBackend startAt(int port) {
    return new FakeBackend(port);
  }

  /** Answers {@code path} with this document from now on. */
  public synchronized FakeBackend with(String path, String json) {
    documents.put(path, json);
    return this;
  }

  /** Sends this {@code Server} header from now on. */
  public synchronized FakeBackend withServerHeader(String value) {
    serverHeader = value;
    return this;
  }

  /** Lists these models as vLLM does. */
  public FakeBackend vllm(String... models) {
    List<String> cards = new ArrayList<>();
    for (String model : models) {
      cards.add(
          "{\"id\":\"%s\",\"object\":\"model\",\"created\":1,\"owned_by\":\"vllm\",\"root\":\"%s\",\"parent\":null,\"max_model_len\":4096,\"permission\":[]}"
              .formatted(model, model));
    }
    return with("/v1/models", "{\"object\":\"list\",\"data\":[" + String.join(",", cards) + "]}");
  }

  /** Lists one model as llama.cpp's server does. */
  public FakeBackend llamaCpp(String model, int context, int slots) {
    withServerHeader("llama.cpp");
    with(
        "/v1/models",
        "{\"models\":[],\"object\":\"list\",\"data\":[{\"id\":\"%s\",\"object\":\"model\",\"created\":1,\"owned_by\":\"llamacpp\",\"meta\":{\"n_ctx_train\":131072,\"size\":1234}}]}"
            .formatted(model));
    return with(
        "/props",
        "{\"default_generation_settings\":{\"n_ctx\":%d},\"total_slots\":%d}"
            .formatted(context, slots));
  }

  /** Lists these models as Ollama does; the first one is loaded. */
  public FakeBackend ollama(String... models) {
    List<String> cards = new ArrayList<>();
    List<String> tags = new ArrayList<>();
    for (String model : models) {
      cards.add(
          "{\"id\":\"%s\",\"object\":\"model\",\"created\":1,\"owned_by\":\"library\"}"
              .formatted(model));
      tags.add(
          "{\"name\":\"%s\",\"model\":\"%s\",\"size\":99,\"digest\":\"d-%s\"}"
              .formatted(model, model, model));
    }
    with("/v1/models", "{\"object\":\"list\",\"data\":[" + String.join(",", cards) + "]}");
    with("/api/version", "{\"version\":\"0.12.3\"}");
    with("/api/tags", "{\"models\":[" + String.join(",", tags) + "]}");
    with(
        "/api/ps",
        models.length == 0
            ? "{\"models\":[]}"
            : "{\"models\":[{\"name\":\"%s\",\"size\":777,\"context_length\":8192}]}"
                .formatted(models[0]));
    return with(
        "/api/show",
        "{\"model_info\":{\"general.architecture\":\"llama\",\"llama.context_length\":131072},\"capabilities\":[\"completion\"]}");
  }

  /** Answers requests for completions and embeddings this way from now on. */
  public synchronized FakeBackend script(Script next) {
    script = next;
    return this;
  }

  public URI url() {
    return URI.create("http://127.0.0.1:" + port());
  }

  public int port() {
    return server.getAddress().getPort();
  }

  /** The scripted requests so far. */
  public synchronized List<Request> requests() {
    return List.copyOf(requests);
  }

  /** Paths of requests whose client went away while they were answered, one by one; waits. */
  public BlockingQueue<String> brokenOff() {
    return brokenOff;
  }

  /** Waits until the server is closed, as one does that has nothing to say. */
  public void stall() throws InterruptedException {
    closing.await();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    try (exchange) {
      byte[] sent = exchange.getRequestBody().readAllBytes();
      String document;
      Script answer;
      synchronized (this) {
        document = documents.get(path);
        answer = script;
        if (!serverHeader.isEmpty()) {
          exchange.getResponseHeaders().set("Server", serverHeader);
        }
      }
      boolean scripted = path.endsWith("/completions") || path.endsWith("/embeddings");
      Request request =
          new Request(exchange, sent.length == 0 ? MAPPER.missingNode() : MAPPER.readTree(sent));
      if (document != null) {
        request.reply(200, document);
      } else if (!scripted) {
        request.reply(404, "{\"error\":{\"message\":\"no such path\"}}");
      } else {
        synchronized (this) {
          requests.add(request);
        }
        answer.answer(request);
      }
    } catch (IOException e) {
      brokenOff.add(path);
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One event of a chat's stream. */
  public static String chat(String content) {
    return "data: "
        + MAPPER
            .createObjectNode()
            .set(
                "choices",
                MAPPER
                    .createArrayNode()
                    .add(
                        MAPPER
                            .createObjectNode()
                            .put("index", 0)
                            .set("delta", MAPPER.createObjectNode().put("content", content))));
  }

  /** The event that ends a chat. */
  public static String end(String reason) {
    return "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" + reason + "\"}]}";
  }

  /** The event that says what it took. */
  public static String usage(int prompt, int completion) {
    return "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d}}"
        .formatted(prompt, completion, prompt + completion);
  }

  /** Answers every chat with these pieces. */
  public static Script saying(String... pieces) {
    return request -> {
      List<String> lines = new ArrayList<>();
      for (String piece : pieces) {
        lines.add(chat(piece));
      }
      lines.add(end("stop"));
      lines.add(usage(11, pieces.length));
      lines.add("data: [DONE]");
      request.events(lines.toArray(String[]::new));
    };
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
