package io.infernet.node.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.ContextLengthExceededException;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.engine.ResponseFormat;
import io.infernet.inference.engine.remote.BackendException;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.model.ModelNotFoundException;
import io.infernet.node.DeadlinePassedException;
import io.infernet.node.NoProviderException;
import io.infernet.node.UsageException;
import io.infernet.node.VerificationFailedException;
import io.infernet.node.config.HostAndPort;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.job.ChatEvent;
import io.infernet.node.job.ChatRequest;
import io.infernet.node.job.ChatService;
import io.infernet.node.job.Prompt;
import io.infernet.node.job.Provider;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The API over real HTTP on loopback, with scripted jobs behind it. */
class ApiServerTest {

  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
  private static final String CHAT =
      """
      {"model": "storyteller", "messages": [{"role": "user", "content": "hi"}]}""";

  private final HttpClient client = HttpClient.newHttpClient();
  private final List<ApiServer> servers = new ArrayList<>();

  @AfterEach
  void stop() {
    servers.forEach(ApiServer::close);
  }

  @Test
  void chatHasOpenAisShape() throws Exception {
    FakeChatService chat = FakeChatService.saying("Once", " upon");
    URI api = start(chat);

    HttpResponse<String> response =
        post(
            api,
            "/v1/chat/completions",
            """
            {"model": "storyteller:bf16", "messages": [
              {"role": "developer", "content": "be brief"},
              {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}],
             "max_completion_tokens": 9, "temperature": 0.5, "top_p": 0.9, "seed": -7, "stop": "x",
             "n": 1, "presence_penalty": 0.5, "frequency_penalty": -2, "repetition_penalty": 1.1,
             "top_k": -1, "min_p": 0.05, "logit_bias": {"7": -100, "0": 2.5},
             "response_format": {"type": "json_object"}, "tools": [], "user": "me",
             "infernet": {"deadline_ms": 5000, "max_price": 3, "verify": "none"}}""");

    assertEquals(200, response.statusCode());
    JsonNode body = json(response.body());
    assertEquals("chatcmpl-" + "00".repeat(16), body.get("id").asText());
    assertEquals("chat.completion", body.get("object").asText());
    assertEquals(NOW.getEpochSecond(), body.get("created").asLong());
    assertEquals("storyteller:bf16", body.get("model").asText());
    JsonNode choice = body.get("choices").get(0);
    assertEquals(0, choice.get("index").asInt());
    assertEquals("assistant", choice.get("message").get("role").asText());
    assertEquals("Once upon", choice.get("message").get("content").asText());
    assertTrue(choice.get("logprobs").isNull());
    assertEquals("stop", choice.get("finish_reason").asText());
    assertEquals(
        json("{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}"),
        body.get("usage"));
    JsonNode infernet = body.get("infernet");
    assertEquals("00".repeat(16), infernet.get("job").asText());
    assertEquals(FakeChatService.FIRST.toString(), infernet.get("provider").asText());
    assertEquals(FakeChatService.MODEL.toString(), infernet.get("model_cid").asText());
    assertEquals("unaudited", infernet.get("verdict").asText());
    assertEquals(17, infernet.get("price").asInt());
    assertEquals("ab".repeat(32), infernet.get("receipt").asText());

    ChatRequest request = chat.requests.get(0);
    assertEquals(ModelName.parse("storyteller:bf16"), request.model());
    Prompt.Messages messages = (Prompt.Messages) request.prompt();
    assertEquals("system", messages.messages().get(0).role());
    assertEquals("ab", messages.messages().get(1).content());
    assertEquals(OptionalInt.of(9), request.maxTokens());
    assertEquals(0.5, request.temperature().getAsDouble());
    assertEquals(0.9, request.topP().getAsDouble());
    assertEquals(OptionalInt.of(0), request.topK());
    assertEquals(0.05, request.minP().getAsDouble());
    assertEquals(1.1, request.repetitionPenalty().getAsDouble());
    assertEquals(0.5, request.presencePenalty().getAsDouble());
    assertEquals(-2, request.frequencyPenalty().getAsDouble());
    assertEquals(Map.of(7, -100.0, 0, 2.5), request.logitBias());
    assertEquals(ResponseFormat.JSON_OBJECT, request.format());
    assertEquals(-7, request.seed().getAsLong());
    assertEquals(List.of("x"), request.stop());
    assertEquals(Optional.of(Duration.ofSeconds(5)), request.deadline());
    assertEquals(3, request.maxPrice().getAsLong());
  }

  @Test
  void chatStreamsAsServerSentEvents() throws Exception {
    URI api = start(FakeChatService.saying("Once", " upon"));

    HttpResponse<String> response =
        post(
            api,
            "/v1/chat/completions",
            CHAT.replace(
                "\"messages\"",
                "\"stream\": true, \"stream_options\": {\"include_usage\": true}, \"messages\""));

    assertEquals("text/event-stream;charset=utf-8", contentType(response));
    List<JsonNode> chunks = chunks(response.body());
    assertEquals(5, chunks.size());
    JsonNode first = chunks.get(0);
    assertEquals("chat.completion.chunk", first.get("object").asText());
    assertEquals(
        json("{\"role\":\"assistant\",\"content\":\"\"}"),
        first.get("choices").get(0).get("delta"));
    assertEquals(FakeChatService.FIRST.toString(), first.get("infernet").get("provider").asText());
    assertEquals(json("{\"content\":\"Once\"}"), chunks.get(1).get("choices").get(0).get("delta"));
    assertEquals(json("{\"content\":\" upon\"}"), chunks.get(2).get("choices").get(0).get("delta"));
    assertTrue(chunks.get(2).get("choices").get(0).get("finish_reason").isNull());
    assertTrue(chunks.get(2).get("usage").isNull());
    assertEquals("stop", chunks.get(3).get("choices").get(0).get("finish_reason").asText());
    assertEquals("unaudited", chunks.get(3).get("infernet").get("verdict").asText());
    assertEquals(0, chunks.get(4).get("choices").size());
    assertEquals(5, chunks.get(4).get("usage").get("total_tokens").asInt());
    chunks.forEach(chunk -> assertEquals(first.get("id"), chunk.get("id")));
    assertTrue(response.body().endsWith("data: [DONE]\n\n"));
  }

  @Test
  void switchOfProvidersShowsInTheStream() throws Exception {
    Provider from = new Provider(FakeChatService.FIRST, false);
    Provider to = new Provider(FakeChatService.SECOND, false);
    URI api =
        start(
            new FakeChatService(
                request -> {
                  List<ChatEvent> events =
                      new ArrayList<>(FakeChatService.answer(request, "a", "b"));
                  events.add(2, new ChatEvent.Switched(from, to, "it went away", 1));
                  return new FakeChatService.Script(events, Optional.empty());
                }));

    List<JsonNode> chunks =
        chunks(
            post(
                    api,
                    "/v1/chat/completions",
                    CHAT.replace("\"messages\"", "\"stream\":true,\"messages\""))
                .body());

    JsonNode infernet = chunks.get(2).get("infernet");
    assertEquals(FakeChatService.SECOND.toString(), infernet.get("provider").asText());
    assertEquals(FakeChatService.FIRST.toString(), infernet.get("switched_from").asText());
    assertEquals("it went away", infernet.get("reason").asText());
  }

  @Test
  void chatLogprobsComeWithAlternativesAndBytes() throws Exception {
    URI api = start(FakeChatService.saying("é"));

    JsonNode body =
        json(
            post(
                    api,
                    "/v1/chat/completions",
                    CHAT.replace(
                        "\"messages\"", "\"logprobs\": true, \"top_logprobs\": 1, \"messages\""))
                .body());

    assertEquals(
        json(
            """
            {"content": [{"token": "é", "logprob": -0.5, "bytes": [195, 169],
              "top_logprobs": [{"token": "alt0", "logprob": -2.0, "bytes": [97, 108, 116, 48]}]}],
             "refusal": null}"""),
        body.get("choices").get(0).get("logprobs"));
  }

  @Test
  void legacyCompletionsTakeTextTokensAndSeveralPrompts() throws Exception {
    FakeChatService chat = FakeChatService.saying("x");
    URI api = start(chat);

    for (String prompt : List.of("\"a\"", "[\"a\", \"b\"]", "[1, 2]", "[[1, 2], [3]]")) {
      HttpResponse<String> response =
          post(api, "/v1/completions", "{\"model\":\"storyteller\",\"prompt\":" + prompt + "}");
      assertEquals(200, response.statusCode(), response.body());
    }
    JsonNode two =
        json(
            post(api, "/v1/completions", "{\"model\":\"storyteller\",\"prompt\":[\"a\", \"b\"]}")
                .body());

    assertEquals(new Prompt.Text("a"), chat.requests.get(0).prompt());
    assertEquals(new Prompt.Text("b"), chat.requests.get(2).prompt());
    assertEquals("Tokens[ids=[1, 2]]", chat.requests.get(3).prompt().toString());
    assertEquals("Tokens[ids=[3]]", chat.requests.get(5).prompt().toString());
    assertEquals(OptionalInt.of(16), chat.requests.get(0).maxTokens());
    assertEquals("text_completion", two.get("object").asText());
    assertTrue(two.get("id").asText().startsWith("cmpl-"));
    assertEquals(2, two.get("choices").size());
    assertEquals(1, two.get("choices").get(1).get("index").asInt());
    assertEquals("x", two.get("choices").get(1).get("text").asText());
    assertEquals(8, two.get("usage").get("total_tokens").asInt());
  }

  @Test
  void legacyLogprobsAreFourParallelArrays() throws Exception {
    FakeChatService chat = FakeChatService.saying("a", "bé", "c");
    URI api = start(chat);
    String request =
        """
        {"model": "storyteller", "prompt": "a", "echo": true, "max_tokens": 0, "logprobs": 1%s}""";

    JsonNode whole = json(post(api, "/v1/completions", request.formatted("")).body());
    List<JsonNode> chunks =
        chunks(post(api, "/v1/completions", request.formatted(", \"stream\": true")).body());

    assertTrue(chat.requests.get(0).echo());
    assertEquals(OptionalInt.of(0), chat.requests.get(0).maxTokens());
    assertEquals(
        json(
            """
            {"tokens": ["a", "bé", "c"], "token_logprobs": [null, -0.5, -0.5],
             "top_logprobs": [null, {"alt0": -2.0, "bé": -0.5}, {"alt0": -2.0, "c": -0.5}],
             "text_offset": [0, 1, 3]}"""),
        whole.get("choices").get(0).get("logprobs"));
    assertEquals(
        3, chunks.get(3).get("choices").get(0).get("logprobs").get("text_offset").get(0).asInt());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"tools\": [{}]             | unsupported_parameter | tools",
        "\"n\": 2                    | unsupported_parameter | n",
        "\"frequency_penalty\": 2.1  | invalid_value         | frequency_penalty",
        "\"presence_penalty\": \"a\" | invalid_value         | presence_penalty",
        "\"repetition_penalty\": -1  | invalid_value         | repetition_penalty",
        "\"min_p\": 1.5              | invalid_value         | min_p",
        "\"top_k\": -2               | invalid_value         | top_k",
        "\"logit_bias\": []          | invalid_value         | logit_bias",
        "\"logit_bias\": {\"x\": 1}  | invalid_value         | logit_bias",
        "\"logit_bias\": {\"1\": 101}| invalid_value         | logit_bias",
        "\"logit_bias\": {\"1\": null}| invalid_value        | logit_bias",
        "\"response_format\": 1      | invalid_value         | response_format",
        "\"response_format\": {\"type\": \"json_schema\"} | invalid_value | response_format.type",
        "\"response_format\": {\"type\": \"text\", \"x\": 1} | unsupported_parameter | response_format.x",
        "\"colour\": 1               | unsupported_parameter | colour",
        "\"infernet\": {\"region\": \"eu\"} | unsupported_parameter | infernet.region",
        "\"infernet\": 1             | invalid_value         | infernet",
        "\"temperature\": \"hot\"    | invalid_value         | temperature",
        "\"temperature\": -1         | invalid_value         | temperature",
        "\"max_tokens\": 0           | invalid_value         | max_tokens",
        "\"max_tokens\": 1.5         | invalid_value         | max_tokens",
        "\"max_tokens\": 99999999999 | invalid_value         | max_tokens",
        "\"stop\": [1]               | invalid_value         | stop",
        "\"stream\": \"yes\"         | invalid_value         | stream",
        "\"messages\": []            | invalid_value         | messages",
        "\"messages\": [{\"role\": \"tool\", \"content\": \"\"}] | invalid_value | messages[0].role",
        "\"messages\": [{\"role\": \"user\"}] | invalid_value | messages[0].content",
        "\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}] | invalid_value | messages[0].content[0].type",
        "\"messages\": [{\"role\": \"user\", \"content\": \"\", \"audio\": 1}] | unsupported_parameter | messages[0].audio",
        "\"stream\": true, \"stream_options\": {\"x\": 1} | unsupported_parameter | stream_options.x",
      })
  void refusesWhatItDoesNotDoByName(String field, String code, String param) throws Exception {
    FakeChatService chat = FakeChatService.saying("x");
    URI api = start(chat);
    String fields =
        field.contains("\"messages\"")
            ? field
            : "\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}], " + field;

    HttpResponse<String> response =
        post(api, "/v1/chat/completions", "{\"model\": \"storyteller\", " + fields + "}");

    assertEquals(400, response.statusCode(), response.body());
    JsonNode error = json(response.body()).get("error");
    assertEquals("invalid_request_error", error.get("type").asText());
    assertEquals(code, error.get("code").asText(), error.toString());
    assertEquals(param, error.get("param").asText());
    assertTrue(error.get("message").asText().contains(param));
    assertEquals(List.of(), chat.requests);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{broken           | not valid JSON",
        "[]                | must be a JSON object",
        "`{\"a\":1,\"a\":2}` | not valid JSON",
        "{} {}             | not valid JSON",
        "`{\"model\": 5, \"messages\": []}` | 'model'",
        "`{\"messages\": []}` | 'model'",
      })
  void refusesBodiesThatAreNoRequests(String body, String message) throws Exception {
    HttpResponse<String> response =
        post(start(FakeChatService.saying("x")), "/v1/chat/completions", body);

    assertEquals(400, response.statusCode());
    assertTrue(
        json(response.body()).get("error").get("message").asText().contains(message),
        response.body());
  }

  @Test
  void failuresBecomeErrorObjects() throws Exception {
    ModelName model = ModelName.parse("m");
    expectError(new UsageException("u"), 400, null);
    expectError(new ModelNotFoundException(model, "x"), 404, "model_not_found");
    expectError(new ContextLengthExceededException(model, 9, 8), 400, "context_length_exceeded");
    expectError(new NoProviderException("n"), 503, "no_provider");
    expectError(new EngineBusyException(1, 1), 429, "engine_busy");
    expectError(new BackendException("b"), 502, "backend_failed");
    expectError(new DeadlinePassedException("d"), 504, "deadline_passed");
    expectError(new VerificationFailedException("v"), 502, "verification_failed");
    expectError(new InfernetException("i"), 500, "failed");
    expectError(new IllegalStateException("secret detail"), 500, "internal_error");
  }

  private void expectError(RuntimeException failure, int status, String code) throws Exception {
    URI api = start(FakeChatService.failing(failure));
    for (String body :
        List.of(CHAT, CHAT.replace("\"messages\"", "\"stream\": true, \"messages\""))) {
      HttpResponse<String> response = post(api, "/v1/chat/completions", body);
      assertEquals(status, response.statusCode(), failure.toString());
      JsonNode error = json(response.body()).get("error");
      assertEquals(code == null ? "null" : code, error.get("code").asText());
      assertFalse(error.get("message").asText().contains("secret"));
    }
  }

  @Test
  void nameThatCannotBeAModelIsAnUnknownModel() throws Exception {
    HttpResponse<String> response =
        post(
            start(FakeChatService.saying("x")),
            "/v1/chat/completions",
            CHAT.replace("storyteller", "no such/model!"));

    assertEquals(404, response.statusCode());
    assertEquals("model_not_found", json(response.body()).get("error").get("code").asText());
  }

  @Test
  void errorInMidStreamEndsTheStreamWithAnErrorObject() throws Exception {
    URI api =
        start(
            new FakeChatService(
                request ->
                    new FakeChatService.Script(
                        FakeChatService.answer(request, "a").subList(0, 2),
                        Optional.of(new DeadlinePassedException("too late")))));

    String body =
        post(
                api,
                "/v1/chat/completions",
                CHAT.replace("\"messages\"", "\"stream\":true,\"messages\""))
            .body();

    List<JsonNode> chunks = chunks(body);
    assertEquals("too late", chunks.get(2).get("error").get("message").asText());
    assertFalse(body.contains("[DONE]"));
  }

  @Test
  void clientThatGoesAwayCancelsItsJob() throws Exception {
    goAway(FakeChatService.hangingAfter("a"));
  }

  @Test
  void clientThatGoesAwayInMidAnswerCancelsItsJob() throws Exception {
    goAway(FakeChatService.talkingWithoutEnd("a"));
  }

  private void goAway(FakeChatService chat) throws Exception {
    URI api = start(chat);
    for (String body :
        List.of(CHAT, CHAT.replace("\"messages\"", "\"stream\": true, \"messages\""))) {
      chat.jobs.clear();
      try (Socket socket = new Socket(api.getHost(), api.getPort())) {
        OutputStream out = socket.getOutputStream();
        out.write(
            ("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                    + body.length()
                    + "\r\n\r\n"
                    + body)
                .getBytes(StandardCharsets.US_ASCII));
        out.flush();
        if (body.contains("stream")) {
          assertEquals('H', socket.getInputStream().read());
        } else {
          while (chat.jobs.isEmpty()) {
            Thread.onSpinWait();
          }
        }
        assertFalse(chat.jobs.get(0).cancelled.isDone());
      }
      chat.jobs.get(0).cancelled.get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void bodyBeyondTheLimitIsRefused() throws Exception {
    URI api = start(FakeChatService.saying("x"), new NodeConfig.Api(anyPort(), "", 1024, 4));

    HttpResponse<String> response =
        post(api, "/v1/chat/completions", CHAT.replace("hi", "x".repeat(2000)));

    assertEquals(413, response.statusCode());
    assertEquals("body_too_large", json(response.body()).get("error").get("code").asText());
  }

  @Test
  void requestsBeyondTheLimitAreRefusedUntilOneEnds() throws Exception {
    FakeChatService chat = FakeChatService.hangingAfter("a");
    URI api = start(chat, new NodeConfig.Api(anyPort(), "", 4096, 1));
    HttpResponse<InputStream> first =
        client.send(
            request(api, "/v1/chat/completions")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        CHAT.replace("\"messages\"", "\"stream\": true, \"messages\"")))
                .build(),
            HttpResponse.BodyHandlers.ofInputStream());

    HttpResponse<String> second = post(api, "/v1/chat/completions", CHAT);
    assertEquals(429, second.statusCode());
    assertEquals(200, get(api, "/health").statusCode());
    assertEquals(200, get(api, "/api/models").statusCode());

    first.body().close();
    chat.jobs.get(0).cancelled.get(10, TimeUnit.SECONDS);
    while (post(api, "/v1/chat/completions", "{}").statusCode() == 429) {
      Thread.onSpinWait();
    }
    assertEquals(400, post(api, "/v1/chat/completions", "{}").statusCode());
  }

  @Test
  void keyIsRequiredWhereThereIsOne() throws Exception {
    URI api = start(FakeChatService.saying("x"), new NodeConfig.Api(anyPort(), "k3y", 4096, 4));

    HttpResponse<String> without = get(api, "/v1/models");
    assertEquals(401, without.statusCode());
    assertEquals("invalid_api_key", json(without.body()).get("error").get("code").asText());
    assertEquals(401, get(api, "/v1/models", "Authorization", "Bearer k3").statusCode());
    assertEquals(401, get(api, "/v1/models", "Authorization", "k3y").statusCode());
    assertEquals(401, get(api, "/nothing").statusCode());
    assertEquals(200, get(api, "/v1/models", "Authorization", "Bearer k3y").statusCode());
    assertEquals(200, get(api, "/v1/models", "Authorization", "Bearer t0ken").statusCode());
    assertEquals(200, get(api, "/health").statusCode());
  }

  @Test
  void webPagesOfOthersAreKeptOut() throws Exception {
    URI api = start(FakeChatService.saying("x"));

    assertEquals("403", rawStatus(api, "Host: evil.example"));
    assertEquals("403", rawStatus(api, "Host: localhost.evil.example:" + api.getPort()));
    assertEquals("403", rawStatus(api, "Host: localhost\r\nOrigin: http://evil.example"));
    assertEquals("403", rawStatus(api, "Host: localhost\r\nOrigin: null"));
    assertEquals("200", rawStatus(api, "Host: localhost"));
    assertEquals("200", rawStatus(api, "Host: 127.0.0.1:" + api.getPort()));
    assertEquals("200", rawStatus(api, "Host: [::1]:" + api.getPort()));
    assertEquals("200", rawStatus(api, "Host: localhost:1\r\nOrigin: http://localhost:1"));
    assertTrue(
        get(api, "/v1/models").headers().map().keySet().stream()
            .noneMatch(name -> name.startsWith("access-control")));
  }

  private static String rawStatus(URI api, String headers) throws Exception {
    try (Socket socket = new Socket(api.getHost(), api.getPort())) {
      socket
          .getOutputStream()
          .write(
              ("GET /v1/models HTTP/1.1\r\n" + headers + "\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return answer.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length());
    }
  }

  @Test
  void unknownPathsAndMethodsAreErrorObjects() throws Exception {
    URI api = start(FakeChatService.saying("x"));

    for (String accept : List.of("application/json", "text/html", "*/*")) {
      HttpResponse<String> path = get(api, "/v1/nothing", "Accept", accept);
      assertEquals(404, path.statusCode());
      assertEquals("not_found", json(path.body()).get("error").get("code").asText());
    }
    HttpResponse<String> method = get(api, "/v1/completions");
    assertEquals(405, method.statusCode());
    assertEquals("method_not_allowed", json(method.body()).get("error").get("code").asText());
  }

  @Test
  void nodeTellsOfItselfItsPeersAndModels() throws Exception {
    URI api = start(FakeChatService.saying("x"));

    JsonNode status = json(get(api, "/api/status").body());
    assertEquals(FakeNodeView.SELF.toString(), status.get("peer_id").asText());
    assertEquals(json("[\"provider\",\"client\"]"), status.get("roles"));
    JsonNode peer = json(get(api, "/api/peers").body()).get("peers").get(0);
    assertEquals("outbound", peer.get("direction").asText());
    assertEquals(json("[\"storyteller\"]"), peer.get("models"));
    assertEquals(1.23, peer.get("latency_ms").asDouble());
    assertEquals("xxl", peer.get("tier").asText());
    assertEquals("eu", peer.get("region").asText());
    JsonNode network = status.get("network");
    assertEquals("server", network.get("dht").get("mode").asText());
    assertEquals(3, network.get("dht").get("network_size").asInt());
    assertEquals(1, network.get("gossip").get("/infernet/heartbeats/1").get("mesh").asInt());
    assertEquals(1, network.get("mdns").get("found").asInt());
    assertEquals("rare", network.get("demand").get(0).get("name").asText());
    JsonNode known = json(get(api, "/api/models").body()).get("models").get(0);
    assertEquals("storyteller", known.get("name").asText());
    assertEquals(1, known.get("warm_providers").asInt());
    assertEquals(2, known.get("cheapest").get("per_1000_tokens").asInt());
    assertEquals("1970-01-01T00:00:00Z", known.get("heard_at").asText());
    JsonNode models = json(get(api, "/v1/models").body());
    assertEquals("list", models.get("object").asText());
    assertEquals("storyteller", models.get("data").get(0).get("id").asText());
    assertEquals("model", models.get("data").get(0).get("object").asText());
    assertEquals(models.get("data").get(0), json(get(api, "/v1/models/storyteller").body()));
    HttpResponse<String> unknown = get(api, "/v1/models/nothing");
    assertEquals(404, unknown.statusCode());
    assertEquals("model_not_found", json(unknown.body()).get("error").get("code").asText());
  }

  @Test
  void portInUseIsOneLineThatSaysWhatToDo() throws Exception {
    URI taken = start(FakeChatService.saying("x"));
    ApiServer second =
        server(
            FakeChatService.saying("x"),
            new NodeConfig.Api(new HostAndPort("127.0.0.1", taken.getPort()), "", 4096, 4));

    InfernetException e = assertThrows(InfernetException.class, second::start);

    assertTrue(
        e.getMessage().startsWith("cannot open the API on 127.0.0.1:" + taken.getPort()),
        e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
  }

  private static HostAndPort anyPort() {
    return HostAndPort.parse("127.0.0.1:0");
  }

  private URI start(ChatService chat) {
    return start(chat, new NodeConfig.Api(anyPort(), "", 1 << 20, 16));
  }

  private URI start(ChatService chat, NodeConfig.Api config) {
    ApiServer server = server(chat, config);
    server.start();
    return server.baseUri();
  }

  private ApiServer server(ChatService chat, NodeConfig.Api config) {
    ApiServer server =
        new ApiServer(
            config,
            "t0ken",
            chat,
            request -> CompletableFuture.failedFuture(new UsageException("no encoder here")),
            new FakeNodeView(),
            Clock.fixed(NOW, ZoneOffset.UTC));
    servers.add(server);
    return server;
  }

  private static HttpRequest.Builder request(URI api, String path) {
    return HttpRequest.newBuilder(api.resolve(path)).timeout(Duration.ofSeconds(20));
  }

  private HttpResponse<String> post(URI api, String path, String body) throws Exception {
    return client.send(
        request(api, path).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> get(URI api, String path, String... headers) throws Exception {
    HttpRequest.Builder request = request(api, path);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String contentType(HttpResponse<?> response) {
    return response.headers().firstValue("Content-Type").orElseThrow().replace(" ", "");
  }

  private static JsonNode json(String text) throws Exception {
    return new ObjectMapper().readTree(text);
  }

  private static List<JsonNode> chunks(String stream) throws Exception {
    List<JsonNode> chunks = new ArrayList<>();
    for (String event : stream.strip().split("\n\n", -1)) {
      assertTrue(event.startsWith("data: "), event);
      String data = event.substring("data: ".length());
      if (!data.equals("[DONE]")) {
        chunks.add(json(data));
      }
    }
    return chunks;
  }
}
