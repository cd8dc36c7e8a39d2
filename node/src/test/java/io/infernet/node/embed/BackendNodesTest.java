package io.infernet.node.embed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.model.ModelManifest;
import io.infernet.inference.model.ModelNotFoundException;
import io.infernet.inference.testing.FakeBackend;
import io.infernet.inference.testing.FakeInferenceEngine;
import io.infernet.inference.testing.FakeModels;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.node.UsageException;
import io.infernet.node.assembly.InferenceAssembly;
import io.infernet.node.config.Settings;
import io.infernet.node.job.Attempt;
import io.infernet.node.job.ChatRequest;
import io.infernet.node.job.ChatResult;
import io.infernet.node.job.FakeTextCodec;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real nodes over loopback, with servers behind them that speak OpenAI's API. */
@Timeout(60)
class BackendNodesTest {

  private static final String MODEL = "org/model:7b";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final FakeBackend server = FakeBackend.start().vllm(MODEL);
  private final FakeBackend second = FakeBackend.start().vllm(MODEL);
  private final HttpClient http = HttpClient.newHttpClient();

  @TempDir Path folder;
  private FakeNodes nodes;

  @BeforeEach
  void open() {
    nodes = new FakeNodes(folder);
  }

  @AfterEach
  void close() throws Exception {
    nodes.close();
    server.close();
    second.close();
  }

  private FakeNodes.Fake provider(String name, URI... backends) {
    FakeInferenceEngine engine = nodes.engine();
    return nodes.start(
        InfernetNode.builder()
            .home(folder.resolve(name))
            .listen(Multiaddr.parse("/ip4/127.0.0.1/tcp/0"))
            .provider()
            .api("127.0.0.1:0")
            .set(
                Settings.BACKEND_URLS,
                List.of(backends).stream().map(URI::toString).collect(Collectors.joining(",")))
            .inference(
                new InferenceAssembly(
                    FakeModels.repository(name), engine, model -> new FakeTextCodec())),
        engine);
  }

  private static ChatRequest.Builder request() {
    return ChatRequest.builder(MODEL).user("hello there").maxTokens(40);
  }

  private static Throwable failure(InfernetNode node, ChatRequest request) {
    return assertThrows(CompletionException.class, () -> node.chat(request).join()).getCause();
  }

  private HttpResponse<String> api(FakeNodes.Fake node, String path, String body, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(node.node().api().orElseThrow() + path));
    if (!body.isEmpty()) {
      request.POST(HttpRequest.BodyPublishers.ofString(body));
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void oneNodeAsksTheBackendOfAnother() throws Exception {
    server.script(FakeBackend.saying("Hi", " 🦊", "!"));
    FakeNodes.Fake provider = provider("p", server.url());
    FakeNodes.Fake client = nodes.client("client", provider.node());

    ChatResult answer =
        client.node().chat(request().temperature(0.5).seed(-7).stop(List.of("END")).build()).join();

    assertEquals("Hi 🦊!", answer.text());
    assertEquals(FinishReason.STOP, answer.finishReason());
    assertEquals(new Usage(11, 3), answer.usage());
    assertEquals(provider.node().peerId(), answer.provider().peer());
    assertTrue(ModelManifest.isBackend(answer.modelCid()));
    JsonNode body = server.requests().get(0).body();
    assertEquals("hello there", body.at("/messages/0/content").asText());
    assertEquals(MODEL, body.path("model").asText());
    assertEquals(0.5, body.path("temperature").asDouble());
    assertEquals(-7, body.path("seed").asLong());
    assertEquals("[\"END\"]", body.path("stop").toString());
    assertEquals(40, body.path("max_tokens").asInt());

    JsonNode receipt =
        MAPPER.readTree(
            api(provider, "/api/receipts/" + answer.receipt().orElseThrow(), "").body());
    assertEquals(11, receipt.path("prompt_tokens").asInt());
    assertEquals(3, receipt.path("completion_tokens").asInt());
    assertFalse(receipt.path("fingerprintable").asBoolean(true));
  }

  @Test
  void theApiShowsBackendsAndMarksTheirAnswers() throws Exception {
    server.script(FakeBackend.saying("a", "b"));
    FakeNodes.Fake node = provider("p", server.url());

    JsonNode model = MAPPER.readTree(api(node, "/v1/models/" + MODEL, "").body());
    assertEquals("vllm at " + server.url(), model.at("/infernet/backend").asText());
    assertFalse(model.at("/infernet/fingerprintable").asBoolean(true));
    assertEquals(4096, model.at("/infernet/context_length").asInt());
    assertTrue(model.at("/infernet/warm").asBoolean());

    JsonNode status = MAPPER.readTree(api(node, "/api/status", "").body());
    assertEquals("vllm", status.at("/backends/0/kind").asText());
    assertTrue(status.at("/backends/0/up").asBoolean());

    JsonNode answer =
        MAPPER.readTree(
            api(
                    node,
                    "/v1/chat/completions",
                    "{\"model\":\"org/model:7b\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}")
                .body());
    assertEquals("ab", answer.at("/choices/0/message/content").asText());
    assertEquals(2, answer.at("/usage/completion_tokens").asInt());
    assertEquals(11, answer.at("/usage/prompt_tokens").asInt());
    assertFalse(answer.at("/infernet/fingerprintable").asBoolean(true));

    HttpResponse<String> refused =
        api(
            node,
            "/v1/chat/completions",
            "{\"model\":\"org/model:7b\",\"logprobs\":true,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
    assertEquals(400, refused.statusCode());
    assertTrue(refused.body().contains("does not do logprobs"));
    assertEquals(
        400,
        api(node, "/v1/completions", "{\"model\":\"org/model:7b\",\"prompt\":[1]}").statusCode());
  }

  @Test
  void completionsEchoTheirText() throws Exception {
    server.script(
        request ->
            request.events(
                "data: {\"choices\":[{\"index\":0,\"text\":\" upon\",\"finish_reason\":\"length\"}]}",
                FakeBackend.usage(1, 1),
                "data: [DONE]"));
    FakeNodes.Fake node = provider("p", server.url());
    JsonNode answer =
        MAPPER.readTree(
            api(
                    node,
                    "/v1/completions",
                    "{\"model\":\"org/model:7b\",\"prompt\":\"Once\",\"echo\":true,\"max_tokens\":1}")
                .body());
    assertEquals("Once upon", answer.at("/choices/0/text").asText());
    assertEquals("length", answer.at("/choices/0/finish_reason").asText());
    assertEquals(2, answer.at("/usage/total_tokens").asInt());
  }

  @Test
  void thePriceIsForTheTokensThatTheServerCounted() {
    server.script(FakeBackend.saying("a", "b", "c"));
    FakeInferenceEngine engine = nodes.engine();
    FakeNodes.Fake provider =
        nodes.start(
            InfernetNode.builder()
                .home(folder.resolve("dear"))
                .listen(Multiaddr.parse("/ip4/127.0.0.1/tcp/0"))
                .provider()
                .set(Settings.BACKEND_URLS, server.url().toString())
                .set(Settings.PRICE_PER_1000_TOKENS, "1000000")
                .inference(FakeNodes.inference(engine)),
            engine);
    FakeNodes.Fake client = nodes.client("client", provider.node());
    ChatResult answer = client.node().chat(request().maxPrice(1_000_000).build()).join();
    assertEquals((11 + 3) * 1_000, answer.price());
  }

  @Test
  void theApiServesVectorsOfBackends() throws Exception {
    server.script(
        request ->
            request.reply(
                200,
                "{\"data\":[{\"index\":0,\"embedding\":[0.5,2]}],\"usage\":{\"prompt_tokens\":4}}"));
    FakeNodes.Fake node = provider("p", server.url());
    HttpResponse<String> response =
        api(node, "/v1/embeddings", "{\"model\":\"org/model:7b\",\"input\":\"hello\"}");
    assertEquals(200, response.statusCode(), response.body());
    JsonNode answer = MAPPER.readTree(response.body());
    assertEquals(2, answer.at("/data/0/embedding/1").asDouble());
    assertEquals(4, answer.at("/usage/prompt_tokens").asInt());
    assertEquals(
        400,
        api(node, "/v1/embeddings", "{\"model\":\"org/model:7b\",\"input\":[1,2]}").statusCode());
    assertEquals(
        400,
        api(node, "/v1/embeddings", "{\"model\":\"org/model:7b\",\"input\":\"\"}").statusCode());
  }

  @Test
  void goesOnElsewhereWhenNothingHasCome() {
    server.script(request -> request.events("data: {\"error\":\"boom\"}"));
    second.script(FakeBackend.saying("fine"));
    FakeNodes.Fake one = provider("one", server.url());
    FakeNodes.Fake client = nodes.client("client", one.node());
    FakeNodes.Fake other = provider("other", second.url());

    // Nobody but the first is known yet.
    assertInstanceOf(InfernetException.class, failure(client.node(), request().build()));
    FakeNodes.Fake both = nodes.client("both", one.node(), other.node());
    ChatResult answer = both.node().chat(request().build()).join();

    assertEquals("fine", answer.text());
    assertEquals(other.node().peerId(), answer.provider().peer());
  }

  @Test
  void busyBackendsAreRefusalsNotFailures() {
    server.script(request -> request.reply(429, "{}"));
    FakeNodes.Fake provider = provider("p", server.url());
    FakeNodes.Fake client = nodes.client("client", provider.node());
    server.script(
        request -> {
          if (server.requests().size() < 2) {
            request.reply(503, "{\"error\":{\"message\":\"Loading model\"}}");
          } else {
            FakeBackend.saying("now").answer(request);
          }
        });

    ChatResult answer = client.node().chat(request().build()).join();

    assertEquals("now", answer.text());
    assertEquals(Attempt.Outcome.REFUSED, answer.attempts().get(0).outcome());
  }

  @Test
  void saysSoWhenAnAnswerBreaksOff() {
    server.script(request -> request.events(FakeBackend.chat("half of")));
    second.script(FakeBackend.saying("another answer"));
    FakeNodes.Fake one = provider("one", server.url());
    FakeNodes.Fake client = nodes.client("client", one.node());

    Throwable error = failure(client.node(), request().build());

    assertTrue(error.getMessage().contains("cannot be continued elsewhere"), error.getMessage());
    assertEquals(List.of(), second.requests());
  }

  @Test
  void stopsTheServerWhenAStopTextCame() throws Exception {
    server.script(
        request -> {
          OutputStream out = request.stream();
          FakeBackend.Request.send(
              out, FakeBackend.chat("one two") + "\n\n" + FakeBackend.chat(" three") + "\n\n");
          while (true) {
            FakeBackend.Request.send(out, ": more\n\n");
          }
        });
    FakeNodes.Fake provider = provider("p", server.url());
    FakeNodes.Fake client = nodes.client("client", provider.node());

    ChatResult answer = client.node().chat(request().stop(List.of("two")).build()).join();

    assertEquals("one ", answer.text());
    assertEquals(FinishReason.STOP, answer.finishReason());
    assertTrue(answer.receipt().isPresent(), answer.attempts().toString());
    assertTrue(answer.usage().completionTokens() <= 2);
    assertEquals("/v1/chat/completions", server.brokenOff().poll(30, TimeUnit.SECONDS));
  }

  @Test
  void modelsThatNobodyHasAreNotFound() {
    FakeNodes.Fake provider = provider("p", server.url());
    FakeNodes.Fake client = nodes.client("client", provider.node());
    ChatRequest unknown = ChatRequest.builder("no/such:model").user("x").build();
    assertInstanceOf(ModelNotFoundException.class, failure(client.node(), unknown));
    assertInstanceOf(
        UsageException.class, failure(client.node(), request().topLogprobs(2).build()));
  }

  @Test
  void aServerThatIsGoneIsWithdrawn() throws Exception {
    FakeNodes.Fake provider = provider("p", server.url());
    server.close();
    assertInstanceOf(InfernetException.class, failure(provider.node(), request().build()));
    assertEquals(404, api(provider, "/v1/models/" + MODEL, "").statusCode());
  }

  @Test
  void aNodeCanBeTheBackendOfAnother() throws Exception {
    FakeNodes.Fake inner = provider("inner", server.url());
    FakeNodes.Fake outer = provider("outer", inner.node().api().orElseThrow());

    ChatResult answer =
        outer.node().chat(ChatRequest.builder("inner").user("x").maxTokens(3).build()).join();

    assertEquals(new Usage("user:x".length(), 3), answer.usage());
    assertEquals(1, inner.engine().requests().size());
    assertEquals(List.of(), outer.engine().requests());
    // What the inner node has from others it does not hand on.
    assertInstanceOf(ModelNotFoundException.class, failure(outer.node(), request().build()));
    String chat = "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}";
    assertEquals(
        404,
        api(inner, "/v1/chat/completions", chat.formatted(MODEL), "Infernet-Backend", "1")
            .statusCode());
    assertEquals(
        200,
        api(inner, "/v1/chat/completions", chat.formatted("inner"), "Infernet-Backend", "1")
            .statusCode());
  }
}
