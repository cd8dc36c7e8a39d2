package io.infernet.inference.engine.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.testing.FakeBackend;
import io.infernet.inference.testing.RecordingListener;
import io.infernet.inference.tokenizer.ChatMessage;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.concurrent.ThreadScheduler;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class BackendInferenceEngineTest {

  private static final Duration LONG = Duration.ofMinutes(1);
  private static final InstalledModel MODEL = InstalledModel.ofBackend(ModelName.parse("org/m:1b"));

  private final ThreadScheduler scheduler = new ThreadScheduler("test");
  private final FakeBackend server = FakeBackend.start().vllm("org/m:1b");
  private BackendInferenceEngine engine = engine(config(LONG, LONG, 8, 1_000), server);

  private static BackendConfig config(
      Duration firstToken, Duration betweenTokens, int maxRequests, int maxAnswerChars) {
    return new BackendConfig(
        List.of(),
        false,
        List.of(),
        "secret",
        LONG,
        LONG,
        firstToken,
        betweenTokens,
        LONG,
        LONG,
        LONG,
        maxRequests,
        64,
        10_000,
        10_000,
        maxAnswerChars);
  }

  private BackendInferenceEngine engine(BackendConfig config, FakeBackend... servers) {
    Backends backends =
        new Backends(
            new BackendConfig(
                List.of(servers).stream().map(FakeBackend::url).toList(),
                false,
                List.of(),
                config.apiKey(),
                config.connectTimeout(),
                config.probeTimeout(),
                config.firstTokenTimeout(),
                config.tokenTimeout(),
                config.embeddingTimeout(),
                config.probeInterval(),
                config.maxProbePause(),
                config.maxRequests(),
                config.maxModels(),
                config.maxBodyBytes(),
                config.maxEventBytes(),
                config.maxAnswerChars()),
            scheduler);
    backends.lookOnce().join();
    return new BackendInferenceEngine(backends);
  }

  @AfterEach
  void close() {
    engine.close();
    server.close();
    scheduler.close();
  }

  private static BackendPrompt hello() {
    return BackendPrompt.chat(List.of(ChatMessage.user("hello there, how are you?")));
  }

  private static GenerationRequest request(BackendPrompt prompt, int maxTokens) {
    return new GenerationRequest(
        MODEL,
        prompt.encode(),
        TokenIds.empty(),
        BackendPrompt.NO_SAMPLING,
        maxTokens,
        Set.of(),
        OptionalInt.empty(),
        false);
  }

  private RecordingListener ask() {
    RecordingListener listener = new RecordingListener();
    engine.generate(request(hello(), 50), listener);
    return listener;
  }

  private static String text(RecordingListener.Answer answer) {
    return CodePoints.text(answer.tokens());
  }

  private static String errorOf(RecordingListener listener) {
    CompletionException error = assertThrows(CompletionException.class, listener::await);
    InfernetException cause = assertInstanceOf(InfernetException.class, error.getCause());
    assertEquals(1, cause.getMessage().lines().count());
    return cause.getMessage();
  }

  @Test
  void streamsAnAnswerWithTheServersOwnUsage() {
    server.script(FakeBackend.saying("Hi", " 🦊", "!"));

    RecordingListener.Answer answer = ask().await();

    assertEquals("Hi 🦊!", text(answer));
    assertEquals(FinishReason.STOP, answer.reason());
    assertEquals(new Usage(11, 3), answer.usage());
    FakeBackend.Request asked = server.requests().get(0);
    assertEquals("/v1/chat/completions", asked.path());
    assertEquals("Bearer secret", asked.header("Authorization"));
    assertEquals("1", asked.header(Backends.HOP_HEADER));
    assertEquals("org/m:1b", asked.body().path("model").asText());
    assertEquals(50, asked.body().path("max_tokens").asInt());
    assertTrue(asked.body().path("stream_options").path("include_usage").asBoolean());
    assertEquals(
        "[{\"role\":\"user\",\"content\":\"hello there, how are you?\"}]",
        asked.body().path("messages").toString());
    assertFalse(asked.body().has("temperature"));
  }

  @Test
  void passesParametersOn() {
    server.script(FakeBackend.saying("x"));
    JsonNodeFactory json = JsonNodeFactory.instance;
    RecordingListener listener = new RecordingListener();
    engine.generate(
        request(
            hello()
                .with(
                    Map.of(
                        "temperature", json.numberNode(0.25),
                        "seed", json.numberNode(42L),
                        "top_k", json.numberNode(3),
                        "stop", json.arrayNode().add("END"))),
            5),
        listener);
    listener.await();
    JsonNode body = server.requests().get(0).body();
    assertEquals(0.25, body.path("temperature").asDouble());
    assertEquals(42, body.path("seed").asLong());
    assertEquals(3, body.path("top_k").asInt());
    assertEquals("[\"END\"]", body.path("stop").toString());
  }

  @Test
  void continuesPlainTexts() {
    server.script(
        request ->
            request.events(
                "data: {\"choices\":[{\"index\":0,\"text\":\" upon\"}]}",
                "data: {\"choices\":[{\"index\":0,\"text\":\" a\",\"finish_reason\":\"length\"}]}",
                "data: [DONE]"));
    RecordingListener listener = new RecordingListener();
    engine.generate(request(BackendPrompt.text("Once"), 2), listener);
    RecordingListener.Answer answer = listener.await();
    assertEquals(" upon a", text(answer));
    assertEquals(FinishReason.LENGTH, answer.reason());
    // The server said nothing of usage: two pieces of text, and a short prompt.
    assertEquals(new Usage(1, 2), answer.usage());
    assertEquals("/v1/completions", server.requests().get(0).path());
    assertEquals("Once", server.requests().get(0).body().path("prompt").asText());
  }

  @Test
  void showsThoughtsInTags() {
    server.script(
        request ->
            request.events(
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}]}",
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"mm\"}}]}",
                FakeBackend.chat("yes"),
                FakeBackend.end("stop"),
                "data: [DONE]"));
    assertEquals("<think>\nhmmm\n</think>\n\nyes", text(ask().await()));
  }

  @Test
  void joinsHalvesOfACharacter() {
    server.script(
        request ->
            request.events(
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\\ud83e\"}}]}",
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\udd8a\\ud83e\"}}]}",
                FakeBackend.end("stop"),
                "data: [DONE]"));
    assertEquals("a🦊\uFFFD", text(ask().await()));
  }

  @Test
  void toleratesCommentsOtherLineEndsAndAMissingDone() {
    server.script(
        request -> {
          OutputStream out = request.stream();
          FakeBackend.Request.send(out, ": ping\r\n\r\n" + FakeBackend.chat("a") + "\r\n");
          FakeBackend.Request.send(out, "\r\n:\r\n\r\n" + FakeBackend.end("stop") + "\r\n\r\n");
        });
    assertEquals("a", text(ask().await()));
  }

  @Test
  void countsNoMoreTokensThanThereCanBe() {
    server.script(
        request ->
            request.events(
                FakeBackend.chat("abc"),
                FakeBackend.end("stop"),
                FakeBackend.usage(2_000_000, 49),
                "data: [DONE]"));
    Usage usage = ask().await().usage();
    assertTrue(usage.promptTokens() < 5_000, usage.toString());
    assertEquals(49, usage.completionTokens());
    server.script(
        request ->
            request.events(
                FakeBackend.chat("abc"),
                FakeBackend.end("stop"),
                "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":-3,\"completion_tokens\":1e99}}",
                "data: [DONE]"));
    assertEquals(new Usage(6, 1), ask().await().usage());
  }

  @Test
  void closesTheConnectionWhenCancelled() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    server.script(
        request -> {
          OutputStream out = request.stream();
          while (true) {
            FakeBackend.Request.send(out, FakeBackend.chat("more ") + "\n\n");
            begun.countDown();
          }
        });
    engine = engine(config(LONG, LONG, 8, Integer.MAX_VALUE), server);
    RecordingListener listener = new RecordingListener(token -> begun.countDown());
    Generation answer = engine.generate(request(hello(), 1_000_000), listener);
    begun.await();
    answer.cancel();
    assertEquals(FinishReason.CANCELLED, listener.await().reason());
    assertEquals("/v1/chat/completions", server.brokenOff().poll(30, TimeUnit.SECONDS));
    answer.cancel();
  }

  @Test
  void cancelsBeforeTheServerHasSaidAnything() throws Exception {
    server.script(request -> server.stall());
    RecordingListener listener = new RecordingListener();
    engine.generate(request(hello(), 5), listener).cancel();
    assertEquals(FinishReason.CANCELLED, listener.await().reason());
  }

  @Test
  void endsAnswersThatGoOnWithoutText() {
    server.script(
        request -> {
          OutputStream out = request.stream();
          while (true) {
            FakeBackend.Request.send(out, "data: {\"choices\":[]}\n\n".repeat(100));
          }
        });
    assertTrue(errorOf(ask()).endsWith("sent more events than 50 tokens can be"));
  }

  @Test
  void failsWhenTheServerDiesInMidAnswer() {
    server.script(request -> request.events(FakeBackend.chat("a")));
    RecordingListener listener = ask();
    assertTrue(errorOf(listener).contains("closed the connection in mid-answer"));
    assertEquals("a", CodePoints.text(listener.ids()));
  }

  @Test
  void takesAnAnswerWhoseEndCameBeforeTheServerDied() {
    server.script(request -> request.events(FakeBackend.chat("a"), FakeBackend.end("length")));
    assertEquals(FinishReason.LENGTH, ask().await().reason());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data: {\"error\":{\"message\":\"out of\\nmemory\"}}",
        "event: error\ndata: {\"message\":\"out of memory\"}",
        "data: {\"object\":\"error\",\"message\":\"out of memory\"}",
        "data: {\"error\":\"out of memory\"}",
      })
  void hearsErrorsInMidAnswer(String event) {
    server.script(request -> request.events(FakeBackend.chat("a"), event, "data: [DONE]"));
    assertTrue(errorOf(ask()).endsWith("failed in mid-answer: out of memory"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data: what?",
        "data: []",
        "data: {\"choices\":[{\"finish_reason\":\"abort\"}]}",
        "data: {\"choices\":[{\"finish_reason\":\"tool_calls\"}]}",
        "data: [DONE]",
      })
  void refusesWhatIsNoAnswer(String event) {
    server.script(request -> request.events(event));
    errorOf(ask());
  }

  @Test
  void refusesNestingAndLengthWithoutEnd() {
    server.script(request -> request.events("data: " + "[".repeat(5_000)));
    errorOf(ask());
    server.script(request -> request.events("data: " + "x".repeat(20_000)));
    assertTrue(errorOf(ask()).contains("more than 10000 bytes"));
  }

  @Test
  void refusesMoreTextThanWasAskedFor() throws Exception {
    server.script(
        request -> {
          OutputStream out = request.stream();
          while (true) {
            FakeBackend.Request.send(out, FakeBackend.chat("x".repeat(100)) + "\n\n");
          }
        });
    RecordingListener listener = ask();
    assertTrue(errorOf(listener).contains("more text than 50 tokens"));
    assertTrue(listener.ids().size() <= 1_000);
    assertNotNull(server.brokenOff().poll(30, TimeUnit.SECONDS));
  }

  @Test
  void refusesAServerThatDoesNotStream() {
    server.script(request -> request.reply(200, "{\"choices\":[]}"));
    assertTrue(errorOf(ask()).endsWith("does not stream"));
    server.script(request -> request.reply(200, "x".repeat(20_000)));
    assertTrue(errorOf(ask()).contains("more than 10000 bytes"));
  }

  @Test
  void saysWhatTheServerSaid() {
    server.script(
        request ->
            request.reply(400, "{\"error\":{\"message\":\"maximum context length is 4096\"}}"));
    assertTrue(errorOf(ask()).endsWith("(status 400: maximum context length is 4096)"));
    server.script(request -> request.reply(401, "{}"));
    assertTrue(errorOf(ask()).endsWith("set backend.api_key"));
    server.script(request -> request.reply(302, ""));
    assertTrue(errorOf(ask()).contains("status 302"));
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 503})
  void isBusyWhenTheServerIs(int status) {
    server.script(request -> request.reply(status, "{\"error\":{\"message\":\"Loading model\"}}"));
    CompletionException error = assertThrows(CompletionException.class, ask()::await);
    assertInstanceOf(EngineBusyException.class, error.getCause());
  }

  @Test
  void isBusyWhenAllPlacesAreTaken() throws Exception {
    engine = engine(config(LONG, LONG, 2, 1_000), server);
    server.script(request -> server.stall());
    Generation first = engine.generate(request(hello(), 5), new RecordingListener());
    ask();
    assertThrows(EngineBusyException.class, this::ask);
    assertEquals(2, engine.loaded().get(0).running());
    first.cancel();
    ask();
    assertThrows(EngineBusyException.class, this::ask);
  }

  @Test
  void givesUpAServerThatSaysNothing() {
    engine = engine(config(Duration.ofMillis(100), LONG, 8, 1_000), server);
    server.script(request -> server.stall());
    assertTrue(errorOf(ask()).endsWith("sent nothing for 100 ms"));
  }

  @Test
  void givesUpAServerThatStopsInMidAnswer() {
    engine = engine(config(LONG, Duration.ofMillis(100), 8, 1_000), server);
    server.script(
        request -> {
          FakeBackend.Request.send(request.stream(), FakeBackend.chat("a") + "\n\n");
          server.stall();
        });
    assertTrue(errorOf(ask()).endsWith("sent nothing for 100 ms"));
  }

  @Test
  void keepAliveCommentsAreNoAnswer() {
    engine = engine(config(Duration.ofMillis(300), LONG, 8, 1_000), server);
    server.script(
        request -> {
          OutputStream out = request.stream();
          while (true) {
            FakeBackend.Request.send(out, ": still here\n\n");
          }
        });
    assertTrue(errorOf(ask()).endsWith("sent nothing for 300 ms"));
  }

  @Test
  void refusesByNameWhatItCannotDo() {
    GenerationRequest plain = request(hello(), 5);
    List<GenerationRequest> refused =
        List.of(
            request(hello(), 0),
            plain.resumedAfter(TokenIds.of('a')),
            GenerationRequest.of(MODEL, plain.prompt(), new SamplingParams(1, 0, 1, 7), 5),
            new GenerationRequest(
                MODEL,
                plain.prompt(),
                TokenIds.empty(),
                BackendPrompt.NO_SAMPLING,
                5,
                Set.of(7),
                OptionalInt.empty(),
                false),
            new GenerationRequest(
                MODEL,
                plain.prompt(),
                TokenIds.empty(),
                BackendPrompt.NO_SAMPLING,
                5,
                Set.of(),
                OptionalInt.of(0),
                false));
    for (GenerationRequest request : refused) {
      InfernetException error =
          assertThrows(
              InfernetException.class, () -> engine.generate(request, new RecordingListener()));
      assertTrue(error.getMessage().contains("runs on a backend, which does not do"));
    }
    assertEquals(List.of(), server.requests());
    assertEquals(0, engine.loaded().get(0).running());
  }

  @Test
  void refusesParametersThatOllamaWouldPassOver() {
    server.ollama("org/m:1b");
    engine = engine(config(LONG, LONG, 8, 1_000), server);
    InfernetException error =
        assertThrows(
            InfernetException.class,
            () ->
                engine.generate(
                    request(
                        hello().with(Map.of("top_k", JsonNodeFactory.instance.numberNode(3))), 5),
                    new RecordingListener()));
    assertEquals(
        "'top_k' is not supported by the backend of this model (ollama)", error.getMessage());
    assertEquals(0, engine.loaded().get(0).running());
  }

  @Test
  void spreadsWorkOverServersOfTheSameModel() throws Exception {
    try (FakeBackend second = FakeBackend.start().vllm("org/m:1b")) {
      engine = engine(config(LONG, LONG, 8, 1_000), server, second);
      server.script(request -> server.stall());
      second.script(request -> second.stall());
      for (int i = 0; i < 6; i++) {
        ask();
      }
      assertEquals(16, engine.loaded().get(0).slots());
      assertEquals(6, engine.loaded().get(0).running());
      while (server.requests().size() + second.requests().size() < 6) {
        Thread.onSpinWait();
      }
      assertEquals(3, second.requests().size());
    }
  }

  @Test
  void withdrawsAServerThatIsGone() {
    server.close();
    RecordingListener listener = ask();
    assertTrue(errorOf(listener).startsWith("nothing listens at " + server.url()));
    assertThrows(BackendException.class, this::ask);
    assertEquals(List.of(), engine.loaded());
  }

  @Test
  void endsAnswersWhenItIsClosed() throws Exception {
    server.script(request -> server.stall());
    RecordingListener listener = ask();
    engine.close();
    assertEquals(FinishReason.CANCELLED, listener.await().reason());
  }

  @Test
  void namesServersAsTheirClientsDo() {
    assertEquals(
        URI.create("http://host:8000"), BackendConfig.base(URI.create("http://host:8000/v1/")));
    assertEquals(URI.create("https://host/x"), BackendConfig.base(URI.create("https://host/x/v1")));
    assertThrows(IllegalArgumentException.class, () -> BackendConfig.base(URI.create("host:8000")));
    assertThrows(
        IllegalArgumentException.class, () -> BackendConfig.base(URI.create("http://a:b@host")));
  }
}
