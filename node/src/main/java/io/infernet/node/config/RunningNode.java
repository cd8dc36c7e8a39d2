package io.infernet.node.config;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.Optional;

/**
 * The note that a running node leaves in its home so that commands find its API. A node that was
 * killed leaves it behind: whoever reads it must check that the node answers and has this peer id.
 *
 * @param pid its process
 * @param peerId its peer id in text form
 * @param api the base URL of its API
 * @param token a bearer token that the API accepts besides the configured key; new at every start
 */
public record RunningNode(long pid, String peerId, URI api, String token) {

  private static final int MAX_FILE_BYTES = 4096;

  public RunningNode {
    requireNonNull(peerId, "peerId is null");
    requireNonNull(api, "api is null");
    requireNonNull(token, "token is null");
  }

  /** Writes the note, in place of an older one. */
  public void write(NodeHome home) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    String json =
        mapper.writeValueAsString(
            mapper
                .createObjectNode()
                .put("pid", pid)
                .put("peer_id", peerId)
                .put("api", api.toString())
                .put("token", token));
    PrivateFiles.write(home.runtimeFile(), json + "\n", true);
  }

  /** Takes the note away, unless it is another process's. */
  public void delete(NodeHome home) throws IOException {
    if (read(home).filter(this::equals).isPresent()) {
      Files.deleteIfExists(home.runtimeFile());
    }
  }

  /** The note, if there is one that can be read and whose process is alive. */
  public static Optional<RunningNode> read(NodeHome home) {
    try {
      if (!Files.exists(home.runtimeFile()) || Files.size(home.runtimeFile()) > MAX_FILE_BYTES) {
        return Optional.empty();
      }
      JsonNode json = new ObjectMapper().readTree(Files.readString(home.runtimeFile()));
      RunningNode node =
          new RunningNode(
              json.path("pid").asLong(),
              json.path("peer_id").asText(),
              URI.create(json.path("api").asText()),
              json.path("token").asText());
      return ProcessHandle.of(node.pid()).filter(ProcessHandle::isAlive).map(process -> node);
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
