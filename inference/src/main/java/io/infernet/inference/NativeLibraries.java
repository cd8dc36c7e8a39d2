package io.infernet.inference;

import java.nio.file.Path;
import java.util.Map;

/**
 * Tells DJL, once and before its first use, to work offline and where to unpack its native
 * libraries. DJL reads these from system properties, so this is a setting of the whole JVM; what
 * the user has set by property or environment stays.
 */
public final class NativeLibraries {

  private NativeLibraries() {}

  /**
   * Sets the folder; the first call in a JVM counts.
   *
   * @param folder where native libraries are unpacked, shared by all nodes of a user
   */
  public static synchronized void unpackInto(Path folder) {
    String path = folder.toAbsolutePath().toString();
    Map.of(
            "ai.djl.offline",
            "true",
            "OPT_OUT_TRACKING",
            "true",
            "DJL_CACHE_DIR",
            path,
            "ENGINE_CACHE_DIR",
            path)
        .forEach(
            (name, value) -> {
              if (System.getProperty(name) == null && System.getenv(name) == null) {
                System.setProperty(name, value);
              }
            });
  }
}
