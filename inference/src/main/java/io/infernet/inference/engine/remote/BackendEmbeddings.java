package io.infernet.inference.engine.remote;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.EncodingRequest;
import io.infernet.inference.engine.EncodingResult;
import io.infernet.inference.tokenizer.TypedTokens;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Vectors that a backend makes, some texts at a time. Used for one request. */
final class BackendEmbeddings {

  /** Texts in one request to the server, so that its answer has a bounded size. */
  private static final int BATCH = 64;

  /** Longer vectors than any model makes. */
  private static final int MAX_DIMENSIONS = 65_536;

  private final EncodingRequest request;
  private final Backends.Place place;
  private final BackendConfig config;
  private final CompletableFuture<EncodingResult> result = new CompletableFuture<>();

  // Each batch is asked for when the one before has been read.
  private final List<float[]> vectors = new ArrayList<>();
  private final List<Integer> tokens = new ArrayList<>();
  private volatile @Nullable CompletableFuture<BackendClient.Reply> asked;

  BackendEmbeddings(EncodingRequest request, Backends.Place place, BackendConfig config) {
    this.request = request;
    this.place = place;
    this.config = config;
  }

  /** Cancelling what is returned closes the connection. */
  CompletableFuture<EncodingResult> start() {
    result.whenComplete(
        (done, error) -> {
          CompletableFuture<BackendClient.Reply> open = asked;
          if (open != null) {
            open.cancel(true);
          }
          if (error instanceof InfernetException) {
            place.leave(error);
          } else {
            place.leave();
          }
        });
    next();
    return result;
  }

  private void next() {
    int from = vectors.size();
    if (result.isDone()) {
      return;
    }
    if (from == request.texts().size()) {
      result.complete(new EncodingResult.Embeddings(vectors, List.of(), tokens));
      return;
    }
    List<TypedTokens> batch =
        request.texts().subList(from, Math.min(from + BATCH, request.texts().size()));
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("model", place.model().id());
    ArrayNode input = body.putArray("input");
    batch.forEach(text -> input.add(CodePoints.text(text.ids())));
    body.put("encoding_format", "float");
    CompletableFuture<BackendClient.Reply> reply =
        place.client().post("/v1/embeddings", body, config.embeddingTimeout());
    asked = reply;
    if (result.isDone()) {
      reply.cancel(true);
    }
    reply.whenComplete(
        (answer, error) -> {
          try {
            if (answer == null) {
              throw error instanceof InfernetException known
                  ? known
                  : new BackendException(String.valueOf(error), error);
            }
            if (!answer.isOk()) {
              throw place.client().refusal(answer.status(), answer.json());
            }
            read(answer.json(), batch);
            next();
          } catch (RuntimeException e) {
            result.completeExceptionally(BackendClient.asBusy(e));
          }
        });
  }

  private void read(JsonNode json, List<TypedTokens> batch) {
    JsonNode data = json.path("data");
    require(data.isArray() && data.size() == batch.size(), "another number of vectors");
    float[][] sorted = new float[batch.size()][];
    for (int i = 0; i < data.size(); i++) {
      int index = data.get(i).path("index").asInt(i);
      require(
          index >= 0 && index < sorted.length && sorted[index] == null, "indexes that are none");
      sorted[index] = vector(data.get(i).path("embedding"));
    }
    int length = vectors.isEmpty() ? sorted[0].length : vectors.get(0).length;
    for (float[] vector : sorted) {
      require(vector.length == length, "vectors of different lengths");
      vectors.add(vector);
    }
    count(json.path("usage").path("prompt_tokens"), batch);
  }

  private float[] vector(JsonNode array) {
    require(array.isArray() && !array.isEmpty() && array.size() <= MAX_DIMENSIONS, "no vectors");
    float[] vector = new float[array.size()];
    for (int i = 0; i < vector.length; i++) {
      float number = (float) array.get(i).asDouble(Double.NaN);
      require(Float.isFinite(number), "vectors of what are no numbers");
      vector[i] = number;
    }
    return vector;
  }

  /** The server counts all texts together: each gets its part by its size. */
  private void count(JsonNode said, List<TypedTokens> batch) {
    int[] bytes = batch.stream().mapToInt(text -> CodePoints.utf8Length(text.ids())).toArray();
    int all = 0;
    int most = 0;
    for (int size : bytes) {
      all += size;
      most += BackendUsage.maxPromptTokens(size);
    }
    int total =
        said.isIntegralNumber() && said.canConvertToInt() && said.asInt() > 0
            ? Math.min(said.asInt(), most)
            : BackendUsage.usualPromptTokens(all);
    int before = 0;
    int given = 0;
    for (int size : bytes) {
      before += size;
      int upToHere = (int) ((long) total * before / Math.max(1, all));
      tokens.add(upToHere - given);
      given = upToHere;
    }
  }

  private void require(boolean condition, String what) {
    if (!condition) {
      throw new BackendException(
          "the backend at %s sent %s".formatted(place.client().base(), what));
    }
  }
}
