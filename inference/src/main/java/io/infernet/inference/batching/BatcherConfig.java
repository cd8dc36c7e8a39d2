package io.infernet.inference.batching;

/**
 * Settings of a {@link ContinuousBatcher}.
 *
 * @param maxBatch answers that are made at once
 * @param maxWaiting answers that wait beyond those
 * @param prefillTokens tokens of prompts in a step, while nothing is being decoded
 * @param mixedTokens tokens in a step that also decodes: one for each answer being decoded, the
 *     rest for prompts, but never less than an eighth of it; smaller makes answers flow more evenly
 *     while prompts are read, larger reads prompts faster
 * @param growth places in the cache that an answer asks for when it has filled its own
 * @param maxKept ended sequences that stay in the cache, for prompts that begin alike, while nobody
 *     needs the room
 * @param leastShared tokens that two prompts must have in common for the second to copy them
 * @param samplingThreads threads that choose tokens at once when many answers are decoded
 * @param deterministic whether an answer is the same, bit by bit, whatever else is asked for: each
 *     step computes one sequence, prompts are cut at multiples of {@code prefillTokens}, and only
 *     whole pieces of them are shared. Slow with many answers at once.
 */
public record BatcherConfig(
    int maxBatch,
    int maxWaiting,
    int prefillTokens,
    int mixedTokens,
    int growth,
    int maxKept,
    int leastShared,
    int samplingThreads,
    boolean deterministic) {

  public BatcherConfig {
    check(maxBatch >= 1 && maxBatch <= 1024, "maxBatch", maxBatch);
    check(maxWaiting >= 0 && maxWaiting <= 100_000, "maxWaiting", maxWaiting);
    check(prefillTokens >= 1 && prefillTokens <= 1 << 16, "prefillTokens", prefillTokens);
    check(mixedTokens >= 1 && mixedTokens <= 1 << 16, "mixedTokens", mixedTokens);
    check(growth >= 1 && growth <= 1 << 16, "growth", growth);
    check(maxKept >= 0 && maxKept <= 4096, "maxKept", maxKept);
    check(leastShared >= 1, "leastShared", leastShared);
    check(samplingThreads >= 1 && samplingThreads <= 1024, "samplingThreads", samplingThreads);
  }

  private static void check(boolean ok, String name, int value) {
    if (!ok) {
      throw new IllegalArgumentException(name + " out of range: " + value);
    }
  }

  /**
   * 64 answers at once and 256 waiting, 128 tokens of prompts a step, 64 while others are decoded,
   * growth by 32, 256 sequences kept, 16 tokens in common, one sampling thread, not deterministic.
   *
   * <p>On two cores a model of 0.5 billion parameters reads a prompt of 1,000 tokens as fast in
   * pieces of 128 as of 512; pieces of 64 cost a tenth. A brief prompt beside one of 4,000 tokens
   * has its first token after 0.2 to 0.5 s with pieces of 128, after 0.6 to 1.5 s with 256.
   */
  public static BatcherConfig defaults() {
    return new BatcherConfig(64, 256, 128, 64, 32, 256, 16, 1, false);
  }

  /** The same for a number of answers. */
  public BatcherConfig withLimits(int batch, int waiting) {
    return new BatcherConfig(
        batch,
        waiting,
        prefillTokens,
        mixedTokens,
        growth,
        maxKept,
        leastShared,
        samplingThreads,
        deterministic);
  }
}
