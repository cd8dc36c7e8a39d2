package io.infernet.inference.model;

import static java.util.Objects.requireNonNull;

import java.util.regex.Pattern;

/**
 * One file of a model.
 *
 * @param path relative to the model's folder, in it or in a folder of it
 * @param size in bytes
 * @param sha256 64 lower-case hex digits
 */
public record ModelFile(String path, long size, String sha256) {

  private static final Pattern PATH =
      Pattern.compile("([A-Za-z0-9][A-Za-z0-9_-]{0,63}/)?[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  public ModelFile {
    requireNonNull(path, "path is null");
    if (!PATH.matcher(path).matches()) {
      throw new IllegalArgumentException("not a file name: " + path);
    }
    if (size < 0) {
      throw new IllegalArgumentException("size is negative: " + size);
    }
    if (!SHA256.matcher(sha256).matches()) {
      throw new IllegalArgumentException("not a SHA-256: " + sha256);
    }
  }
}
