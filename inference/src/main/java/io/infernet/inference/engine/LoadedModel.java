package io.infernet.inference.engine;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.model.ModelManifest;

/**
 * A warm model.
 *
 * @param manifest what it is
 * @param memoryBytes what its weights and key/value cache take
 * @param slots how many answers it makes at once
 * @param running answers being made
 * @param waiting answers in the queue
 */
public record LoadedModel(
    ModelManifest manifest, long memoryBytes, int slots, int running, int waiting) {

  public LoadedModel {
    requireNonNull(manifest, "manifest is null");
  }
}
