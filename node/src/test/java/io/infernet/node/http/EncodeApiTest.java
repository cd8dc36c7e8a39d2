package io.infernet.node.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.checkpoint.ModelTask;
import io.infernet.inference.testing.FakeInferenceEngine;
import io.infernet.inference.testing.FakeModels;
import io.infernet.libp2p.concurrent.ThreadScheduler;
import io.infernet.node.config.HostAndPort;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.job.FakeTextCodec;
import io.infernet.node.job.LocalEncodeService;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The endpoints for vectors and classes over real HTTP on loopback, with a scripted engine. */
class EncodeApiTest {

  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

  private final HttpClient client = HttpClient.newHttpClient();
  private final ThreadScheduler scheduler = new ThreadScheduler("fake engine");
  private final FakeInferenceEngine engine = new FakeInferenceEngine(scheduler);
  private final ApiServer server =
      new ApiServer(
          new NodeConfig.Api(HostAndPort.parse("127.0.0.1:0"), "", 1 << 20, 16),
          "t0ken",
          FakeChatService.saying("x"),
          new LocalEncodeService(
              FakeModels.repository(
                  List.of(
                      FakeModels.installed("writer"),
                      FakeModels.encoder("embedder", ModelTask.EMBED),
                      FakeModels.encoder("classifier", ModelTask.CLASSIFY))),
              model -> new FakeTextCodec(),
              engine,
              Runnable::run,
              4),
          new FakeNodeView(),
          Clock.fixed(NOW, ZoneOffset.UTC));
  private URI api;

  @BeforeEach
  void start() {
    server.start();
    api = server.baseUri();
  }

  @AfterEach
  void stop() {
    server.close();
    engine.close();
    scheduler.close();
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    return client.send(
        HttpRequest.newBuilder(api.resolve(path))
            .timeout(Duration.ofSeconds(20))
            .POST(HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private JsonNode ok(String path, String body) throws Exception {
    HttpResponse<String> response = post(path, body);
    assertEquals(200, response.statusCode(), response.body());
    return new ObjectMapper().readTree(response.body());
  }

  @Test
  void embeddingsHaveOpenAisShape() throws Exception {
    JsonNode body =
        ok("/v1/embeddings", "{'model': 'embedder', 'input': ['ab', 'c'], 'user': 'me'}");

    assertEquals("list", body.path("object").asText());
    assertEquals("embedder", body.path("model").asText());
    assertEquals(2, body.path("data").size());
    JsonNode first = body.path("data").get(0);
    assertEquals("embedding", first.path("object").asText());
    assertEquals(0, first.path("index").asInt());
    assertEquals("[2.0,97.0,98.0,0.0]", first.path("embedding").toString());
    assertEquals("[1.0,99.0,99.0,0.0]", body.path("data").get(1).path("embedding").toString());
    assertEquals("{\"prompt_tokens\":3,\"total_tokens\":3}", body.path("usage").toString());
    assertEquals(
        FakeModels.encoder("embedder", ModelTask.EMBED).manifest().cid().toString(),
        body.path("infernet").path("model_cid").asText());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "'abc' | 1 | 3",
        "[5, 6, 7, 8] | 1 | 4",
        "[[5, 6], [7]] | 2 | 3",
        "[{'text': 'a', 'text_pair': 'bc'}, 'd'] | 2 | 4"
      })
  void takesTextsTokensAndPairs(String input, int count, int tokens) throws Exception {
    JsonNode body = ok("/v1/embeddings", "{'model': 'embedder', 'input': " + input + "}");
    assertEquals(count, body.path("data").size());
    assertEquals(tokens, body.path("usage").path("prompt_tokens").asInt());
  }

  @Test
  void answersInBase64WhenAsked() throws Exception {
    JsonNode body =
        ok("/v1/embeddings", "{'model': 'embedder', 'input': 'ab', 'encoding_format': 'base64'}");
    ByteBuffer bytes =
        ByteBuffer.wrap(Base64.getDecoder().decode(body.at("/data/0/embedding").asText()))
            .order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(4 * FakeInferenceEngine.WIDTH, bytes.remaining());
    assertEquals(2f, bytes.getFloat());
    assertEquals(97f, bytes.getFloat());
  }

  @Test
  void cutsVectorsOnlyToLengthsOfTheModel() throws Exception {
    JsonNode body =
        ok("/v1/embeddings", "{'model': 'embedder', 'input': [[3, 4, 4]], 'dimensions': 2}");
    double length = Math.sqrt(3 * 3 + 3 * 3);
    assertEquals(2, body.at("/data/0/embedding").size());
    assertEquals(3 / length, body.at("/data/0/embedding/0").asDouble(), 1e-6);
    ok("/v1/embeddings", "{'model': 'embedder', 'input': 'a', 'dimensions': 4}");

    HttpResponse<String> refused =
        post("/v1/embeddings", "{'model': 'embedder', 'input': 'a', 'dimensions': 3}");
    assertEquals(400, refused.statusCode());
    assertTrue(refused.body().contains("dimensions"), refused.body());
  }

  @Test
  void classifiesInTheShapeOfVllm() throws Exception {
    JsonNode body =
        ok(
            "/v1/classify",
            "{'model': 'classifier', 'input': ['ab', {'text': 'x', 'text_pair': 'y'}]}");
    assertEquals("list", body.path("object").asText());
    assertEquals(NOW.getEpochSecond(), body.path("created").asLong());
    assertEquals(
        "{\"index\":0,\"label\":\"short\",\"num_classes\":2,"
            + "\"problem_type\":\"single_label_classification\","
            + "\"probs\":[0.75,0.25],\"labels\":[\"short\",\"long\"]}",
        body.path("data").get(0).toString());
    assertEquals(1, body.at("/data/1/index").asInt());
    assertEquals(4, body.at("/usage/total_tokens").asInt());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{} | 400 | model",
        "{'model': 'embedder'} | 400 | input",
        "{'model': 'embedder', 'input': []} | 400 | input",
        "{'model': 'embedder', 'input': 7} | 400 | input",
        "{'model': 'embedder', 'input': [[]]} | 400 | input",
        "{'model': 'embedder', 'input': [[1.5]]} | 400 | input",
        "{'model': 'embedder', 'input': [[-1]]} | 400 | input",
        "{'model': 'embedder', 'input': ['a', null]} | 400 | input",
        "{'model': 'embedder', 'input': {'text': 'a', 'title': 'b'}} | 400 | input.title",
        "{'model': 'embedder', 'input': 'a', 'encoding_format': 'hex'} | 400 | encoding_format",
        "{'model': 'embedder', 'input': 'a', 'dimensions': 0} | 400 | dimensions",
        "{'model': 'embedder', 'input': 'a', 'truncate': true} | 400 | truncate",
        "{'model': 'embedder', 'input': [[4096]]} | 400 | no token 4096",
        "{'model': 'embedder', 'input': ''} | 400 | an input has no tokens",
        "{'model': 'embedder', 'input': ['a', '']} | 400 | an input has no tokens",
        "{'model': 'nobody', 'input': 'a'} | 404 | asks no other machines",
        "{'model': 'writer', 'input': 'a'} | 400 | made to generate",
        "{'model': 'classifier', 'input': 'a'} | 400 | embedder",
        "{'model': 'a b', 'input': 'a'} | 400 | not a model name"
      })
  void refusesByNameWhatItCannotDo(String body, int status, String named) throws Exception {
    HttpResponse<String> response = post("/v1/embeddings", body);
    assertEquals(status, response.statusCode(), response.body());
    assertTrue(response.body().contains(named), response.body());
  }

  @Test
  void cutsNothingOff() throws Exception {
    HttpResponse<String> response =
        post("/v1/embeddings", "{'model': 'embedder', 'input': ['a', '" + "b".repeat(513) + "']}");
    assertEquals(400, response.statusCode());
    JsonNode error = new ObjectMapper().readTree(response.body()).path("error");
    assertEquals("context_length_exceeded", error.path("code").asText());
    assertTrue(error.path("message").asText().contains("text 1 has 513 tokens"), response.body());
  }

  @Test
  void takesAsManyTextsAsOpenAi() throws Exception {
    String most = "['a'" + ",'a'".repeat(2047) + "]";
    assertEquals(
        2048,
        ok("/v1/embeddings", "{'model': 'embedder', 'input': " + most + "}").path("data").size());
    String more = "['a'" + ",'a'".repeat(2048) + "]";
    assertEquals(
        400, post("/v1/embeddings", "{'model': 'embedder', 'input': " + more + "}").statusCode());
  }
}
