package io.infernet.node.job;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.model.ModelManifest;
import java.time.Duration;

/** How an answer came about, as JSON for programs. Stateless. */
public final class ChatResultJson {

  private ChatResultJson() {}

  /** Who answered, at what price, how fast, and what was tried. */
  public static ObjectNode write(ChatResult result) {
    ObjectNode object =
        JsonNodeFactory.instance
            .objectNode()
            .put("job", result.job().toString())
            .put("provider", result.provider().peer().toString())
            .put("local", result.provider().local())
            .put("model_cid", result.modelCid().toString())
            .put("fingerprintable", !ModelManifest.isBackend(result.modelCid()))
            .put("verdict", result.verdict().toString())
            .put("price", result.price())
            .put("receipt", result.receipt().orElse(null))
            .put("first_token_ms", millis(result.timings().firstToken()))
            .put("total_ms", millis(result.timings().total()));
    ArrayNode attempts = object.putArray("attempts");
    for (Attempt attempt : result.attempts()) {
      attempts
          .addObject()
          .put("provider", attempt.provider().peer().toString())
          .put("local", attempt.provider().local())
          .put("outcome", attempt.outcome().toString())
          .put("detail", attempt.detail())
          .put("tokens", attempt.tokens())
          .put("ms", millis(attempt.duration()));
    }
    return object;
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }
}
