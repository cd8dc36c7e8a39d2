package io.infernet.inference.model;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;

/**
 * A model that can be asked: one on this machine's disk, or what a backend serves under a name.
 *
 * @param manifest what it is
 * @param folder where its files lie, in the Hugging Face layout; the empty path for a backend's,
 *     which has none
 */
public record InstalledModel(ModelManifest manifest, Path folder) {

  public InstalledModel {
    requireNonNull(manifest, "manifest is null");
    requireNonNull(folder, "folder is null");
  }

  /** What backends serve under {@code name}. */
  public static InstalledModel ofBackend(ModelName name) {
    return new InstalledModel(ModelManifest.ofBackend(name), Path.of(""));
  }

  /** Its name as people write it, {@code NAME} or {@code NAME:VARIANT}. */
  public ModelName name() {
    return manifest.name();
  }
}
