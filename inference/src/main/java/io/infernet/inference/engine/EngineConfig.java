package io.infernet.inference.engine;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Settings of an engine.
 *
 * @param device where models compute
 * @param threads the most threads that compute at once; small models use fewer
 * @param deterministic whether the same request gives the same bits on the same machine, whatever
 *     else is being answered
 * @param maxContext the most tokens of one sequence, where the model allows more
 * @param batching how answers of one model share its steps
 * @param memory what models in memory may take
 * @param nativesFolder where the native libraries are unpacked on first use (about 470 MB)
 * @param graphFolder where converted models are kept
 */
public record EngineConfig(
    DeviceChoice device,
    int threads,
    boolean deterministic,
    int maxContext,
    Batching batching,
    Memory memory,
    Path nativesFolder,
    Path graphFolder) {

  /**
   * How answers of one model share its steps.
   *
   * @param maxBatch answers that one model makes at once
   * @param maxWaiting answers that wait for their turn, in all
   * @param prefillChunk tokens of prompts that are computed in one step, so that other answers get
   *     their turns between
   * @param prefixCache whether the beginning of a prompt that was computed before is used again
   */
  public record Batching(int maxBatch, int maxWaiting, int prefillChunk, boolean prefixCache) {

    public Batching {
      check(maxBatch >= 1 && maxBatch <= 1024, "maxBatch", maxBatch);
      check(maxWaiting >= 0 && maxWaiting <= 100_000, "maxWaiting", maxWaiting);
      check(prefillChunk >= 1 && prefillChunk <= 1 << 16, "prefillChunk", prefillChunk);
    }

    /** 4 answers a model and 64 waiting, 128 tokens of prompts a step, with a prefix cache. */
    public static Batching defaults() {
      return new Batching(4, 64, 128, true);
    }
  }

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
        false,
        8192,
        Batching.defaults(),
        Memory.defaults(),
        Path.of(System.getProperty("user.home"), ".cache", "infernet"),
        home.resolve("cache").resolve("graphs"));
  }

  public EngineConfig withDevice(DeviceChoice choice) {
    return new EngineConfig(
        choice, threads, deterministic, maxContext, batching, memory, nativesFolder, graphFolder);
  }

  public EngineConfig withThreads(int count) {
    return new EngineConfig(
        device, count, deterministic, maxContext, batching, memory, nativesFolder, graphFolder);
  }

  public EngineConfig withDeterministic(boolean on) {
    return new EngineConfig(
        device, threads, on, maxContext, batching, memory, nativesFolder, graphFolder);
  }

  public EngineConfig withMaxContext(int tokens) {
    return new EngineConfig(
        device, threads, deterministic, tokens, batching, memory, nativesFolder, graphFolder);
  }

  public EngineConfig withBatching(Batching rules) {
    return new EngineConfig(
        device, threads, deterministic, maxContext, rules, memory, nativesFolder, graphFolder);
  }

  public EngineConfig withMemory(Memory limits) {
    return new EngineConfig(
        device, threads, deterministic, maxContext, batching, limits, nativesFolder, graphFolder);
  }
}
