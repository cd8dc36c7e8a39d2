package io.infernet.inference.engine;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.batching.BatcherConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Settings of an engine.
 *
 * @param device where models compute
 * @param threads the most threads that compute at once; small models use fewer
 * @param maxContext the most tokens of one sequence, where the model allows more
 * @param batching how answers of one model share its steps
 * @param memory what models in memory may take
 * @param libtorch folder of another native library than the one that comes with the program, such
 *     as one for CUDA
 * @param nativesFolder where the native libraries are unpacked on first use (about 470 MB)
 * @param graphFolder where converted models are kept
 */
public record EngineConfig(
    DeviceChoice device,
    int threads,
    int maxContext,
    BatcherConfig batching,
    Memory memory,
    Optional<Path> libtorch,
    Path nativesFolder,
    Path graphFolder) {

  /**
   * What models in memory may take.
   *
   * @param budget bytes for all models of the device with their caches; 0 for a share of what is
   *     free
   * @param kvBudget bytes for the keys and values of one model; 0 for a share of what is free
   * @param maxWarmModels models at once, whatever their size
   * @param keepAlive how long a model stays when nobody uses it; zero for as long as nobody else
   *     needs its room
   */
  public record Memory(long budget, long kvBudget, int maxWarmModels, Duration keepAlive) {

    public Memory {
      requireNonNull(keepAlive, "keepAlive is null");
      check(budget >= 0, "budget", budget);
      check(kvBudget >= 0, "kvBudget", kvBudget);
      check(maxWarmModels >= 1 && maxWarmModels <= 1000, "maxWarmModels", maxWarmModels);
      check(!keepAlive.isNegative(), "keepAlive", keepAlive.toMillis());
    }

    /** Shares of what is free, 16 models, no time limit. */
    public static Memory defaults() {
      return new Memory(0, 0, 16, Duration.ZERO);
    }
  }

  public EngineConfig {
    requireNonNull(device, "device is null");
    requireNonNull(batching, "batching is null");
    requireNonNull(memory, "memory is null");
    check(threads >= 1 && threads <= 1024, "threads", threads);
    check(maxContext >= 1 && maxContext <= 1 << 20, "maxContext", maxContext);
    requireNonNull(libtorch, "libtorch is null");
    requireNonNull(nativesFolder, "nativesFolder is null");
    requireNonNull(graphFolder, "graphFolder is null");
  }

  private static void check(boolean ok, String name, long value) {
    if (!ok) {
      throw new IllegalArgumentException(name + " out of range: " + value);
    }
  }

  /**
   * The best device, all cores, 8,192 tokens a sequence; natives in the user's cache folder,
   * converted models in the node's home.
   */
  public static EngineConfig defaults(Path home) {
    return new EngineConfig(
        DeviceChoice.AUTO,
        Runtime.getRuntime().availableProcessors(),
        8192,
        BatcherConfig.defaults(),
        Memory.defaults(),
        Optional.empty(),
        Path.of(System.getProperty("user.home"), ".cache", "infernet"),
        home.resolve("cache").resolve("graphs"));
  }

  public EngineConfig withDevice(DeviceChoice choice) {
    return new EngineConfig(
        choice, threads, maxContext, batching, memory, libtorch, nativesFolder, graphFolder);
  }

  public EngineConfig withThreads(int count) {
    return new EngineConfig(
        device, count, maxContext, batching, memory, libtorch, nativesFolder, graphFolder);
  }

  public EngineConfig withMaxContext(int tokens) {
    return new EngineConfig(
        device, threads, tokens, batching, memory, libtorch, nativesFolder, graphFolder);
  }

  public EngineConfig withBatching(BatcherConfig rules) {
    return new EngineConfig(
        device, threads, maxContext, rules, memory, libtorch, nativesFolder, graphFolder);
  }

  public EngineConfig withMemory(Memory limits) {
    return new EngineConfig(
        device, threads, maxContext, batching, limits, libtorch, nativesFolder, graphFolder);
  }

  public EngineConfig withLibtorch(Optional<Path> folder) {
    return new EngineConfig(
        device, threads, maxContext, batching, memory, folder, nativesFolder, graphFolder);
  }
}
