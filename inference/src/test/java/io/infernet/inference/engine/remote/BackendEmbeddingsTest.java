package io.infernet.inference.engine.remote;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.EncodingRequest;
import io.infernet.inference.engine.EncodingResult;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.testing.FakeBackend;
import io.infernet.inference.tokenizer.TypedTokens;
import io.infernet.libp2p.concurrent.ThreadScheduler;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class BackendEmbeddingsTest {

  private static final InstalledModel MODEL = InstalledModel.ofBackend(ModelName.parse("embed"));

  private final ThreadScheduler scheduler = new ThreadScheduler("test");
  private final FakeBackend server = FakeBackend.start().vllm("embed");
  private final Backends backends =
      new Backends(BackendConfig.defaults().with(List.of(server.url()), false, "", 2), scheduler);
  private final BackendInferenceEngine engine = new BackendInferenceEngine(backends);

  BackendEmbeddingsTest() {
    backends.lookOnce().join();
  }

  @AfterEach
  void close() {
    engine.close();
    server.close();
    scheduler.close();
  }

  private CompletableFuture<EncodingResult> encode(String... texts) {
    return engine.encode(
        new EncodingRequest(
            MODEL,
            Stream.of(texts).map(text -> TypedTokens.single(CodePoints.ids(text))).toList()));
  }

  private Throwable failure(String... texts) {
    Throwable error =
        assertThrows(CompletionException.class, () -> encode(texts).join()).getCause();
    assertEquals(0, engine.loaded().get(0).running());
    return error;
  }

  @Test
  void takesVectorsInTheOrderOfTheTexts() {
    server.script(
        request ->
            request.reply(
                200,
                "{\"data\":[{\"index\":1,\"embedding\":[3,4]},{\"index\":0,\"embedding\":[1,2.5]}],\"usage\":{\"prompt_tokens\":9}}"));
    EncodingResult.Embeddings result =
        assertInstanceOf(EncodingResult.Embeddings.class, encode("ab", "cdef").join());
    assertArrayEquals(new float[] {1, 2.5f}, result.vectors().get(0));
    assertArrayEquals(new float[] {3, 4}, result.vectors().get(1));
    assertEquals(List.of(3, 6), result.tokens());
    assertEquals("[\"ab\",\"cdef\"]", server.requests().get(0).body().path("input").toString());
    assertEquals("embed", server.requests().get(0).body().path("model").asText());
    assertEquals(0, engine.loaded().get(0).running());
  }

  @Test
  void asksForManyTextsAFewAtATime() {
    server.script(
        request -> {
          StringBuilder data = new StringBuilder();
          for (int i = 0; i < request.body().path("input").size(); i++) {
            data.append(i == 0 ? "" : ",")
                .append(
                    "{\"index\":%d,\"embedding\":[%s]}"
                        .formatted(i, request.body().path("input").get(i).asText()));
          }
          request.reply(200, "{\"data\":[" + data + "]}");
        });
    String[] texts = IntStream.range(0, 150).mapToObj(String::valueOf).toArray(String[]::new);
    EncodingResult.Embeddings result =
        assertInstanceOf(EncodingResult.Embeddings.class, encode(texts).join());
    assertEquals(3, server.requests().size());
    assertEquals(150, result.vectors().size());
    assertEquals(149f, result.vectors().get(149)[0]);
    assertEquals(150, result.tokens().size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "no json",
        "{\"data\":[]}",
        "{\"data\":[{\"index\":7,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":\"AAAA\"}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[\"x\"]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1e400]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[null]}]}",
      })
  void refusesWhatIsNoVector(String json) {
    server.script(request -> request.reply(200, json));
    assertInstanceOf(InfernetException.class, failure("x"));
  }

  @Test
  void saysWhatTheServerSays() {
    server.script(
        request -> request.reply(400, "{\"error\":{\"message\":\"does not support embeddings\"}}"));
    assertTrue(failure("x").getMessage().contains("does not support embeddings"));
    server.script(request -> request.reply(429, "{}"));
    assertInstanceOf(EngineBusyException.class, failure("x"));
  }

  @Test
  void closesTheConnectionWhenCancelled() throws Exception {
    server.script(
        request -> {
          var out = request.stream();
          while (true) {
            FakeBackend.Request.send(out, " ");
          }
        });
    CompletableFuture<EncodingResult> work = encode("x");
    while (server.requests().isEmpty()) {
      Thread.onSpinWait();
    }
    work.cancel(true);
    assertEquals("/v1/embeddings", server.brokenOff().poll(30, TimeUnit.SECONDS));
    assertEquals(0, engine.loaded().get(0).running());
  }
}
