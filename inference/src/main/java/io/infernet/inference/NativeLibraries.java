package io.infernet.inference;

import io.infernet.inference.engine.EngineUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells DJL, once and before its first use, to work offline and where to unpack its native
 * libraries. DJL reads these from system properties, so this is a setting of the whole JVM; what
 * the user has set by property or environment stays.
 */
public final class NativeLibraries {

  /** What DJL's native code in this program was built with. */
  public static final String LIBTORCH_VERSION = "2.7.1";

  private static final Pattern PYTHON_VERSION =
      Pattern.compile("__version__ = ['\"]([0-9.]+)[^'\"]*['\"]");

  private NativeLibraries() {}

  /**
   * Sets the folder; the first call in a JVM counts.
   *
   * @param folder where native libraries are unpacked, shared by all nodes of a user
   */
  public static synchronized void unpackInto(Path folder) {
    String path = folder.toAbsolutePath().toString();
    set(
        Map.of(
            "ai.djl.offline",
            "true",
            "OPT_OUT_TRACKING",
            "true",
            "DJL_CACHE_DIR",
            path,
            "ENGINE_CACHE_DIR",
            path));
  }

  /**
   * Takes another build of libtorch than the one that comes with the program; the first call in a
   * JVM counts.
   *
   * @param folder with its libraries, or with a {@code lib} folder that has them
   * @throws EngineUnavailableException when that is no libtorch of the right version
   */
  public static synchronized void useLibtorch(Path folder) {
    Path libraries = Files.isDirectory(folder.resolve("lib")) ? folder.resolve("lib") : folder;
    if (!Files.exists(libraries.resolve(System.mapLibraryName("torch")))) {
      throw new EngineUnavailableException(
          "engine.libtorch = \"%s\" has no %s: name the folder of libtorch %s"
              .formatted(folder, System.mapLibraryName("torch"), LIBTORCH_VERSION));
    }
    Optional<String> version = version(libraries);
    if (version.isPresent() && !version.get().startsWith(LIBTORCH_VERSION)) {
      throw new EngineUnavailableException(
          "engine.libtorch = \"%s\" is version %s: this program works with %s"
              .formatted(folder, version.get(), LIBTORCH_VERSION));
    }
    boolean cuda = Files.exists(libraries.resolve(System.mapLibraryName("torch_cuda")));
    set(
        Map.of(
            "PYTORCH_LIBRARY_PATH",
            libraries.toAbsolutePath().toString(),
            "PYTORCH_VERSION",
            LIBTORCH_VERSION,
            "PYTORCH_FLAVOR",
            cuda ? "cu128" : "cpu"));
  }

  /** What the build says of itself: a file of libtorch, or one of Python's torch. */
  private static Optional<String> version(Path libraries) {
    Path parent = libraries.toAbsolutePath().getParent();
    if (parent == null) {
      return Optional.empty();
    }
    try {
      if (Files.exists(parent.resolve("build-version"))) {
        return Optional.of(Files.readString(parent.resolve("build-version")).strip());
      }
      if (Files.exists(parent.resolve("version.py"))) {
        Matcher python = PYTHON_VERSION.matcher(Files.readString(parent.resolve("version.py")));
        return python.find() ? Optional.of(python.group(1)) : Optional.empty();
      }
    } catch (IOException e) {
      throw new EngineUnavailableException(
          "cannot read the version of libtorch in %s: %s".formatted(parent, e.getMessage()), e);
    }
    return Optional.empty();
  }

  private static void set(Map<String, String> properties) {
    properties.forEach(
        (name, value) -> {
          if (System.getProperty(name) == null && System.getenv(name) == null) {
            System.setProperty(name, value);
          }
        });
  }
}
