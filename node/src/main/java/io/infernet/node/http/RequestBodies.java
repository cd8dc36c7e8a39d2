package io.infernet.node.http;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Reads the bodies of requests. As a tree JSON may take thirty times its length, so that few large
 * bodies are in memory at once, and none for longer than it takes to read it. Safe from any thread;
 * calls wait for the client.
 */
final class RequestBodies {

  /** Bodies up to this length all requests may have in memory at once. */
  static final int SMALL = 64 << 10;

  /** Larger bodies at once. */
  static final int MAX_LARGE = 3;

  private static final String REQUEST_ERROR = "invalid_request_error";

  private final int maxBytes;
  private final ObjectMapper mapper;
  private final Duration patience;
  private final Semaphore large = new Semaphore(MAX_LARGE);

  /**
   * @param maxBytes longest body
   * @param patience how long a large body waits for others
   */
  RequestBodies(int maxBytes, ObjectMapper mapper, Duration patience) {
    this.maxBytes = maxBytes;
    this.mapper = requireNonNull(mapper, "mapper is null");
    this.patience = requireNonNull(patience, "patience is null");
  }

  /**
   * Reads a body.
   *
   * @param reader makes something smaller of it
   * @throws ApiException when it is too long or no JSON, or too many large ones are being read
   * @throws CompletionHandler.ResponseOverException when the client goes away
   */
  <T> T read(InputStream in, Function<JsonNode, T> reader) throws InterruptedException {
    int small = Math.min(SMALL, maxBytes);
    byte[] start = bytes(in, small + 1);
    if (start.length <= small) {
      return reader.apply(parse(start));
    }
    if (!large.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      throw ApiException.of(
          429,
          "rate_limit_error",
          "too_many_large_bodies",
          "This node reads " + MAX_LARGE + " large bodies at once; try again.");
    }
    try {
      byte[] body =
          bytes(new SequenceInputStream(new ByteArrayInputStream(start), in), maxBytes + 1);
      if (body.length > maxBytes) {
        throw ApiException.of(
            413,
            REQUEST_ERROR,
            "body_too_large",
            "The body is larger than " + maxBytes + " bytes (api.max_body_bytes).");
      }
      return reader.apply(parse(body));
    } finally {
      large.release();
    }
  }

  private static byte[] bytes(InputStream in, int most) {
    try {
      return in.readNBytes(most);
    } catch (IOException e) {
      throw new CompletionHandler.ResponseOverException();
    }
  }

  private JsonNode parse(byte[] body) {
    try {
      return mapper.readTree(body);
    } catch (JsonProcessingException e) {
      throw ApiException.badRequest(
          "The body is not valid JSON: "
              + e.getOriginalMessage().lines().findFirst().orElse("")
              + ".");
    } catch (IOException e) {
      throw new IllegalStateException("an array is read without errors", e);
    }
  }
}
