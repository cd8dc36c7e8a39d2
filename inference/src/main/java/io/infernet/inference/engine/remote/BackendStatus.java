package io.infernet.inference.engine.remote;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * How a backend is.
 *
 * @param url where it is
 * @param named whether it was named in the settings, not found
 * @param kind which program it is; empty until it has answered
 * @param up whether it answered the last time
 * @param detail why not, in words for a person; empty when it did
 * @param models what it serves
 * @param running answers that it makes for this node
 */
public record BackendStatus(
    URI url,
    boolean named,
    Optional<BackendKind> kind,
    boolean up,
    String detail,
    List<BackendModel> models,
    int running) {

  public BackendStatus {
    requireNonNull(url, "url is null");
    requireNonNull(kind, "kind is null");
    requireNonNull(detail, "detail is null");
    models = List.copyOf(models);
  }
}
