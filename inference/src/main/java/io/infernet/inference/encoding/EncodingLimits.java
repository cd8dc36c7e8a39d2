package io.infernet.inference.encoding;

/**
 * Bounds on the work of an {@link EncodingLoop}.
 *
 * @param maxRequests requests under way and waiting
 * @param maxTokens tokens of all of them together; a single request may have more
 * @param stepTokens tokens computed in one step, so that answers get their turns between; a longer
 *     text is a step of its own
 */
public record EncodingLimits(int maxRequests, long maxTokens, int stepTokens) {

  public EncodingLimits {
    if (maxRequests < 1 || maxTokens < 1 || stepTokens < 1) {
      throw new IllegalArgumentException("a limit is out of range");
    }
  }

  /** 256 requests, 4 million tokens, 512 tokens a step. */
  public static EncodingLimits defaults() {
    return new EncodingLimits(256, 1 << 22, 512);
  }
}
