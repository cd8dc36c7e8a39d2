package io.infernet.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.engine.EncodingResult;
import io.infernet.node.job.EncodeService;
import io.infernet.node.job.EncodeService.Encoded;
import io.javalin.http.Context;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Answers {@code /v1/embeddings} or {@code /v1/classify}. Runs on the request's own thread and
 * blocks it; a client that goes away cancels its work.
 */
final class EncodeHandler {

  /** How often a waiting request looks whether its client is still there. */
  private static final Duration CLIENT_CHECK = Duration.ofMillis(250);

  private final RequestBodies bodies;
  private final Function<JsonNode, EncodeRequests.Parsed> parser;
  private final EncodeService service;
  private final ObjectMapper mapper;
  private final Clock clock;

  EncodeHandler(
      RequestBodies bodies,
      Function<JsonNode, EncodeRequests.Parsed> parser,
      EncodeService service,
      ObjectMapper mapper,
      Clock clock) {
    this.bodies = bodies;
    this.parser = parser;
    this.service = service;
    this.mapper = mapper;
    this.clock = clock;
  }

  /** Reads the request and writes the answer. */
  void handle(Context context) throws Exception {
    EncodeRequests.Parsed request = bodies.read(context.req().getInputStream(), parser);
    Encoded encoded = await(service.encode(request.request()), ClientConnection.of(context.req()));
    context
        .contentType("application/json")
        .result(mapper.writeValueAsBytes(answer(request, encoded)));
  }

  private static Encoded await(CompletableFuture<Encoded> work, ClientConnection client)
      throws InterruptedException, ExecutionException {
    try {
      while (true) {
        try {
          return work.get(CLIENT_CHECK.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          if (client.isGone()) {
            throw new CompletionHandler.ResponseOverException();
          }
        }
      }
    } finally {
      work.cancel(true);
    }
  }

  private ObjectNode answer(EncodeRequests.Parsed request, Encoded encoded) throws IOException {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("object", "list");
    ArrayNode data = body.putArray("data");
    if (encoded.result() instanceof EncodingResult.Embeddings embeddings) {
      for (float[] vector : embeddings.vectors()) {
        ObjectNode entry =
            data.addObject().put("object", "embedding").put("index", data.size() - 1);
        putVector(entry, vector, request.base64());
      }
    } else if (encoded.result() instanceof EncodingResult.Classifications classes) {
      body.put("created", clock.instant().getEpochSecond());
      classes.scores().forEach(scores -> putClasses(data, classes, scores));
    }
    body.put("model", request.model());
    int tokens = encoded.result().totalTokens();
    body.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
    body.putObject("infernet")
        .put("model_cid", encoded.model().manifest().cid().toString())
        .put("local", true);
    return body;
  }

  private static void putVector(ObjectNode entry, float[] vector, boolean base64) {
    if (base64) {
      ByteBuffer bytes = ByteBuffer.allocate(4 * vector.length).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(vector);
      entry.put("embedding", Base64.getEncoder().encodeToString(bytes.array()));
      return;
    }
    // As it is: a node for each number would take six times the memory.
    entry.putPOJO("embedding", vector);
  }

  private static void putClasses(
      ArrayNode data, EncodingResult.Classifications classes, float[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      best = scores[i] > scores[best] ? i : best;
    }
    ObjectNode entry =
        data.addObject()
            .put("index", data.size() - 1)
            .put("label", classes.labels().get(best))
            .put("num_classes", scores.length)
            .put("problem_type", classes.problem().name().toLowerCase(Locale.ROOT));
    ArrayNode probabilities = entry.putArray("probs");
    ArrayNode labels = entry.putArray("labels");
    for (int i = 0; i < scores.length; i++) {
      probabilities.add(scores[i]);
      labels.add(classes.labels().get(i));
    }
  }
}
