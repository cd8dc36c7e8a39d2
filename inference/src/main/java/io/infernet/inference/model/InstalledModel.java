package io.infernet.inference.model;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;

/**
 * A model on this machine's disk.
 *
 * @param manifest what it is
 * @param folder where its files lie, in the Hugging Face layout
 */
public record InstalledModel(ModelManifest manifest, Path folder) {

  public InstalledModel {
    requireNonNull(manifest, "manifest is null");
    requireNonNull(folder, "folder is null");
  }

  /** Its name as people write it, {@code NAME} or {@code NAME:VARIANT}. */
  public ModelName name() {
    return manifest.name();
  }
}
