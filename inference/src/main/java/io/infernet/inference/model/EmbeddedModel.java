package io.infernet.inference.model;

import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.DamagedModelException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model that comes with the program, so that a node is useful from the first minute and without a
 * network. It is unpacked on first use and checked against its list of hashes. Safe from any
 * thread.
 */
final class EmbeddedModel {

  /** Its name and that of its folder. */
  static final String NAME = "storyteller";

  private static final String RESOURCES = NAME + "/";

  /** In the form that {@code sha256sum} writes and checks. */
  private static final String LIST = "SHA256SUMS";

  private final Path folder;
  private final Map<String, String> hashes = new LinkedHashMap<>();

  /**
   * @param models the folder of all models
   */
  EmbeddedModel(Path models) {
    folder = models.resolve(NAME);
    try (InputStream in = resource(LIST)) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        hashes.put(line.substring(66), line.substring(0, 64));
      }
    } catch (IOException e) {
      throw new IllegalStateException("the program's own files cannot be read", e);
    }
  }

  private static InputStream resource(String name) {
    InputStream in = EmbeddedModel.class.getResourceAsStream(RESOURCES + name);
    if (in == null) {
      throw new IllegalStateException("the program lacks its file " + name);
    }
    return in;
  }

  /**
   * Unpacks the model unless its folder is there. Processes that do so at once do not disturb each
   * other: the folder appears complete or not at all.
   *
   * @throws InfernetException when the disk does not take it
   */
  void unpack() {
    if (Files.exists(folder)) {
      return;
    }
    try {
      Files.createDirectories(folder.getParent());
      Path fresh = Files.createTempDirectory(folder.getParent(), "." + NAME);
      try {
        for (Map.Entry<String, String> entry : hashes.entrySet()) {
          unpack(entry.getKey(), entry.getValue(), fresh);
        }
        Files.move(fresh, folder);
      } catch (FileSystemException e) {
        if (!Files.exists(folder)) {
          throw e;
        }
      } finally {
        delete(fresh);
      }
    } catch (IOException e) {
      throw new InfernetException(
          "cannot unpack %s into %s: %s; check space and permissions"
              .formatted(NAME, folder, e.getMessage()),
          e);
    }
  }

  private static void unpack(String name, String expected, Path target) throws IOException {
    try (InputStream in = resource(name);
        OutputStream out = Files.newOutputStream(target.resolve(name))) {
      if (!FileHashes.hash(in, out).equals(expected)) {
        throw new DamagedModelException(
            "the program's own copy of %s is damaged (%s); install the program again"
                .formatted(NAME, name));
      }
    }
  }

  private static void delete(Path directory) throws IOException {
    if (Files.exists(directory)) {
      try (var files = Files.list(directory)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(directory);
    }
  }

  /**
   * Compares the unpacked files with what was packed.
   *
   * @throws DamagedModelException when they differ
   */
  void verify(List<ModelFile> files) {
    Map<String, String> missing = new LinkedHashMap<>(hashes);
    for (ModelFile file : files) {
      String expected = missing.remove(file.path());
      if (expected != null && !expected.equals(file.sha256())) {
        throw new DamagedModelException(file.path() + " has changed");
      }
    }
    if (!missing.isEmpty()) {
      throw new DamagedModelException(missing.keySet().iterator().next() + " is missing");
    }
  }
}
