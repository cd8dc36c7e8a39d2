package io.infernet.inference.engine.djl;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.infernet.inference.NativeLibraries;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.engine.EngineUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The native library. One JVM has one, so this is shared by all engines; the first start decides
 * where it is unpacked.
 */
final class Libtorch {

  private static final Logger LOG = LoggerFactory.getLogger(Libtorch.class);

  private static final String PROBE =
      """
      class Model(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def bfloat16(self: __torch__.Model) -> bool:
          return ops.mkldnn._is_mkldnn_bf16_supported()
        def float16(self: __torch__.Model) -> bool:
          return ops.mkldnn._is_mkldnn_fp16_supported()
      """;

  /** How errors inside a script begin. */
  private static final String INTERPRETER =
      "The following operation failed in the TorchScript interpreter";

  /** Whether this JVM has loaded it. */
  private static boolean started;

  private Libtorch() {}

  /**
   * Unpacks the library on first use and loads it.
   *
   * @param folder where native libraries are unpacked
   * @return its version, such as {@code 2.7.1}
   * @throws EngineUnavailableException when there is none for this machine
   */
  static String start(Path folder) {
    return start(folder, Optional.empty());
  }

  /** The same with the native library that is configured. */
  static String start(EngineConfig config) {
    return start(config.nativesFolder(), config.libtorch());
  }

  private static synchronized String start(Path folder, Optional<Path> other) {
    NativeCache cache = new NativeCache(folder, Libtorch.class.getClassLoader(), Clock.systemUTC());
    return start(
        folder,
        () -> {
          if (!started) {
            NativeLibraries.unpackInto(folder);
            other.ifPresentOrElse(NativeLibraries::useLibtorch, cache::deleteDamaged);
          }
          try {
            String version = Engine.getEngine("PyTorch").getVersion();
            started = true;
            return version;
          } catch (RuntimeException | LinkageError e) {
            if (other.isEmpty() && cache.deleteCorrupt()) {
              throw new EngineUnavailableException(
                  "libtorch in %s was damaged and is deleted: start again, and it is unpacked anew"
                      .formatted(folder),
                  e);
            }
            throw e;
          }
        });
  }

  static String start(Path folder, Supplier<String> loading) {
    try {
      return loading.get();
    } catch (EngineUnavailableException e) {
      throw e;
    } catch (RuntimeException | LinkageError e) {
      throw new EngineUnavailableException(
          "libtorch does not load on this machine (%s, %s): %s; check that this is a build for it and that %s can be written"
              .formatted(
                  System.getProperty("os.name"), System.getProperty("os.arch"), reason(e), folder),
          e);
    }
  }

  /** Whether the builds for this machine's processor have oneDNN. */
  static boolean hasOneDnn() {
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    return arch.equals("amd64") || arch.equals("x86_64");
  }

  /**
   * The numbers in which the processor multiplies matrices at full speed; asks oneDNN, which knows
   * the processor. {@link #start} comes first.
   */
  static Set<Arithmetic> processorNumbers() {
    Set<Arithmetic> numbers = EnumSet.of(Arithmetic.FLOAT32);
    if (!hasOneDnn()) {
      return numbers;
    }
    Path archive = null;
    try (Model model = Model.newInstance("probe", "PyTorch")) {
      archive = Files.createTempFile("infernet-probe", ".pt");
      Files.delete(archive);
      new TorchScriptArchive(PROBE).write(archive);
      model.load(archive.getParent(), archive.getFileName().toString());
      PtSymbolBlock probe = (PtSymbolBlock) model.getBlock();
      for (Arithmetic candidate : List.of(Arithmetic.BFLOAT16, Arithmetic.FLOAT16)) {
        try (IValue answer = IValueUtils.runMethod(probe, candidate.label())) {
          if (answer.toBoolean()) {
            numbers.add(candidate);
          }
        }
      }
    } catch (IOException | MalformedModelException | EngineException e) {
      LOG.warn("the processor is taken for one without bfloat16: {}", reason(e));
    } finally {
      deleteQuietly(archive);
    }
    return numbers;
  }

  private static void deleteQuietly(@Nullable Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      LOG.debug("cannot delete {}", file, e);
    }
  }

  /** Lets the calling thread compute with that many threads. */
  static void useThreads(int threads) {
    // Asking first makes libtorch initialise this thread, which would undo a setting made before.
    if (JniUtils.getNumThreads() != threads) {
      JniUtils.setNumThreads(threads);
    }
  }

  /** What an error says, without libtorch's stack traces. */
  static String reason(Throwable error) {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = root.getMessage() == null ? root.toString() : root.getMessage();
    List<String> lines = message.lines().filter(line -> !line.isBlank()).toList();
    if (lines.isEmpty()) {
      return "";
    }
    // The interpreter puts its own trace first, and what went wrong last.
    return lines.get(0).startsWith(INTERPRETER) ? lines.get(lines.size() - 1) : lines.get(0);
  }
}
