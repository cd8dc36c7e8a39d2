package io.infernet.node.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.InfernetException;
import io.infernet.node.DeadlinePassedException;
import io.infernet.node.NoProviderException;
import io.infernet.node.UsageException;
import io.infernet.node.VerificationFailedException;
import io.infernet.node.config.NodeHome;
import io.infernet.node.config.RunningNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The API of the node that runs in this home. Safe from any thread; calls wait for the network. */
final class LocalApi {

  /** A node on this machine that needs longer to say that it is there does not count. */
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(2);

  /** Largest answer that is read as a whole. */
  private static final int MAX_BODY_BYTES = 16 << 20;

  private final RunningNode node;
  private final ObjectMapper mapper = new ObjectMapper();

  private LocalApi(RunningNode node) {
    this.node = node;
  }

  /** The node that runs in {@code home}; empty when there is none, or only its stale note. */
  static Optional<LocalApi> find(NodeHome home) {
    Optional<RunningNode> note = RunningNode.read(home);
    if (note.isEmpty()) {
      return Optional.empty();
    }
    LocalApi api = new LocalApi(note.get());
    try {
      JsonNode status = api.read(api.open("/api/status", PROBE_TIMEOUT, null));
      boolean same = status.path("peer_id").asText().equals(note.get().peerId());
      return same ? Optional.of(api) : Optional.empty();
    } catch (IOException | InfernetException e) {
      // Killed, and its process id and port belong to others now.
      return Optional.empty();
    }
  }

  /**
   * The node that runs in {@code home}, for verbs that make no sense without.
   *
   * @throws InfernetException when there is none
   */
  static LocalApi require(NodeHome home) {
    return find(home)
        .orElseThrow(
            () ->
                new InfernetException(
                    "no node runs in " + home + ": start one with `infernet serve`"));
  }

  /** Where it is. */
  RunningNode node() {
    return node;
  }

  /** The JSON at {@code path}. */
  JsonNode get(String path) {
    try {
      return read(open(path, Duration.ofSeconds(30), null));
    } catch (IOException e) {
      throw lost(e);
    }
  }

  /**
   * Posts {@code body}; the answer's bytes come as the node sends them.
   *
   * @throws InfernetException of the kind that the node's error is
   */
  HttpURLConnection post(String path, ObjectNode body) {
    try {
      HttpURLConnection connection = open(path, Duration.ZERO, body);
      if (connection.getResponseCode() != 200) {
        throw failure(connection);
      }
      return connection;
    } catch (IOException e) {
      throw lost(e);
    }
  }

  /** What it means when the connection breaks. */
  InfernetException lost(IOException e) {
    return new InfernetException(
        "the node at " + node.api() + " went away (" + e.getMessage() + "): see whether it runs",
        e);
  }

  /** The exception that the error object in {@code body} stands for. */
  static InfernetException exceptionOf(JsonNode body) {
    JsonNode error = body.path("error");
    String message = error.path("message").asText("the node failed without saying why");
    return switch (error.path("code").asText()) {
      case "no_provider", "model_not_found" -> new NoProviderException(message);
      case "deadline_passed" -> new DeadlinePassedException(message);
      case "verification_failed" -> new VerificationFailedException(message);
      case "", "null", "invalid_value", "unsupported_parameter" -> new UsageException(message);
      default -> new InfernetException(message);
    };
  }

  private HttpURLConnection open(String path, Duration timeout, @Nullable ObjectNode body)
      throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) node.api().resolve(path).toURL().openConnection(Proxy.NO_PROXY);
    connection.setConnectTimeout((int) PROBE_TIMEOUT.toMillis());
    connection.setReadTimeout((int) timeout.toMillis());
    connection.setRequestProperty("Authorization", "Bearer " + node.token());
    if (body != null) {
      byte[] bytes = mapper.writeValueAsBytes(body);
      connection.setRequestMethod("POST");
      connection.setRequestProperty("Content-Type", "application/json");
      connection.setDoOutput(true);
      connection.setFixedLengthStreamingMode(bytes.length);
      try (OutputStream out = connection.getOutputStream()) {
        out.write(bytes);
      }
    }
    return connection;
  }

  private JsonNode read(HttpURLConnection connection) throws IOException {
    if (connection.getResponseCode() != 200) {
      throw failure(connection);
    }
    try (InputStream in = connection.getInputStream()) {
      return mapper.readTree(in.readNBytes(MAX_BODY_BYTES));
    }
  }

  private InfernetException failure(HttpURLConnection connection) throws IOException {
    int status = connection.getResponseCode();
    try (InputStream in = connection.getErrorStream()) {
      if (in == null) {
        return new InfernetException("the node answered with status " + status);
      }
      byte[] bytes = in.readNBytes(MAX_BODY_BYTES);
      try {
        return exceptionOf(mapper.readTree(bytes));
      } catch (JsonProcessingException e) {
        return new InfernetException(
            "the node answered with status "
                + status
                + ": "
                + new String(bytes, StandardCharsets.UTF_8).lines().findFirst().orElse(""));
      }
    }
  }
}
