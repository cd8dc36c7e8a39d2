package io.infernet.inference.engine.djl;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;
import io.infernet.inference.NativeLibraries;
import io.infernet.inference.engine.EngineUnavailableException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * The native library. One JVM has one, so this is shared by all engines; the first start decides
 * where it is unpacked.
 */
final class Libtorch {

  private Libtorch() {}

  /**
   * Unpacks the library on first use and loads it.
   *
   * @param folder where native libraries are unpacked
   * @return its version, such as {@code 2.7.1}
   * @throws EngineUnavailableException when there is none for this machine
   */
  static String start(Path folder) {
    return start(
        folder,
        () -> {
          NativeLibraries.unpackInto(folder);
          return Engine.getEngine("PyTorch").getVersion();
        });
  }

  static String start(Path folder, Supplier<String> loading) {
    try {
      return loading.get();
    } catch (RuntimeException | LinkageError e) {
      throw new EngineUnavailableException(
          "libtorch does not load on this machine (%s, %s): %s; check that this is a build for it and that %s can be written"
              .formatted(
                  System.getProperty("os.name"),
                  System.getProperty("os.arch"),
                  firstLine(e),
                  folder),
          e);
    }
  }

  /** Whether the builds for this machine's processor have oneDNN. */
  static boolean hasOneDnn() {
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    return arch.equals("amd64") || arch.equals("x86_64");
  }

  /** Lets the calling thread compute with that many threads. */
  static void useThreads(int threads) {
    // Asking first makes libtorch initialise this thread, which would undo a setting made before.
    if (JniUtils.getNumThreads() != threads) {
      JniUtils.setNumThreads(threads);
    }
  }

  /** What an error says, without libtorch's stack trace. */
  static String firstLine(Throwable error) {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = root.getMessage() == null ? root.toString() : root.getMessage();
    return message.lines().findFirst().orElse("");
  }
}
