package io.infernet.verification.wire;

import io.infernet.inference.engine.SamplingParams;

/**
 * How large a job may be that this node talks about.
 *
 * @param maxPromptTokens tokens of a prompt
 * @param maxAnswerTokens tokens of a whole answer
 * @param maxStopIds tokens that end an answer
 */
public record EvidenceLimits(int maxPromptTokens, int maxAnswerTokens, int maxStopIds) {

  public EvidenceLimits {
    requirePositive(maxPromptTokens, "maxPromptTokens");
    requirePositive(maxAnswerTokens, "maxAnswerTokens");
    requirePositive(maxStopIds, "maxStopIds");
  }

  private static void requirePositive(int value, String name) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " is below 1: " + value);
    }
  }

  /** Prompts of up to 131,072 tokens and answers of up to 32,768: less than a mebibyte. */
  public static EvidenceLimits defaults() {
    return new EvidenceLimits(131_072, 32_768, 64);
  }

  /** No {@code JobRequest} within these limits takes more bytes. */
  public int maxRequestSize() {
    // A token takes at most five bytes as a varint, a bias with its token 17; 512 cover the fields
    // of fixed size.
    return Math.toIntExact(
        512
            + 17L * SamplingParams.MAX_BIASES
            + 5L * (maxPromptTokens + (long) maxAnswerTokens + maxStopIds));
  }
}
