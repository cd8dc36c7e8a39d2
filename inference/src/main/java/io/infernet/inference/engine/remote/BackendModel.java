package io.infernet.inference.engine.remote;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.model.ModelName;

/**
 * A model as a backend serves it.
 *
 * @param name what it is called here
 * @param id what the server calls it
 * @param contextLength the most tokens of prompt and answer; 0 when the server does not say
 * @param warm whether it answers without being loaded first
 * @param memoryBytes what it takes on the server; 0 when the server does not say
 */
public record BackendModel(
    ModelName name, String id, int contextLength, boolean warm, long memoryBytes) {

  public BackendModel {
    requireNonNull(name, "name is null");
    requireNonNull(id, "id is null");
    if (contextLength < 0 || memoryBytes < 0) {
      throw new IllegalArgumentException("a figure of a backend's model is negative");
    }
  }
}
