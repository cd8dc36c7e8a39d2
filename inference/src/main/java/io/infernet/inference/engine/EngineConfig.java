package io.infernet.inference.engine;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;

/**
 * Settings of an engine.
 *
 * @param threads the most threads that compute at once; small models use fewer
 * @param slots answers that one model makes at once
 * @param maxWaiting answers that wait for a slot, in all
 * @param maxContext the most tokens of one sequence, where the model allows more; bounds the
 *     key/value cache
 * @param prefillChunk tokens of a prompt that are computed in one step, so that other answers get
 *     their turns between
 * @param maxWarmModels models in memory; the one not used for longest makes room for another
 * @param nativesFolder where the native libraries are unpacked on first use (about 470 MB)
 * @param graphFolder where converted models are kept
 */
public record EngineConfig(
    int threads,
    int slots,
    int maxWaiting,
    int maxContext,
    int prefillChunk,
    int maxWarmModels,
    Path nativesFolder,
    Path graphFolder) {

  public EngineConfig {
    check(threads >= 1 && threads <= 1024, "threads", threads);
    check(slots >= 1 && slots <= 1024, "slots", slots);
    check(maxWaiting >= 0 && maxWaiting <= 100_000, "maxWaiting", maxWaiting);
    check(maxContext >= 1 && maxContext <= 1 << 20, "maxContext", maxContext);
    check(prefillChunk >= 1 && prefillChunk <= 1 << 16, "prefillChunk", prefillChunk);
    check(maxWarmModels >= 1 && maxWarmModels <= 1000, "maxWarmModels", maxWarmModels);
    requireNonNull(nativesFolder, "nativesFolder is null");
    requireNonNull(graphFolder, "graphFolder is null");
  }

  private static void check(boolean ok, String name, int value) {
    if (!ok) {
      throw new IllegalArgumentException(name + " out of range: " + value);
    }
  }

  /**
   * All cores, 4 answers a model and 64 waiting, 8,192 tokens a sequence, 128 tokens of a prompt a
   * step, 4 models; natives in the user's cache folder, converted models in the node's home.
   */
  public static EngineConfig defaults(Path home) {
    return new EngineConfig(
        Runtime.getRuntime().availableProcessors(),
        4,
        64,
        8192,
        128,
        4,
        Path.of(System.getProperty("user.home"), ".cache", "infernet"),
        home.resolve("cache").resolve("graphs"));
  }

  public EngineConfig withThreads(int count) {
    return new EngineConfig(
        count,
        slots,
        maxWaiting,
        maxContext,
        prefillChunk,
        maxWarmModels,
        nativesFolder,
        graphFolder);
  }
}
