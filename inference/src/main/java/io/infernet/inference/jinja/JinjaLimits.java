package io.infernet.inference.jinja;

/**
 * Bounds on one rendering.
 *
 * @param maxSteps nodes evaluated; long values count for more
 * @param maxSize longest text in characters; a list may have a sixteenth of that in elements
 * @param maxDepth how deep expressions, blocks and calls may be nested together
 */
public record JinjaLimits(long maxSteps, int maxSize, int maxDepth) {

  public JinjaLimits {
    if (maxSteps < 1 || maxSize < 1 || maxDepth < 1 || maxDepth > 1000) {
      throw new IllegalArgumentException(
          "limits out of range: " + maxSteps + ", " + maxSize + ", " + maxDepth);
    }
  }

  /** 20 million steps, 16 million characters, 200 levels. */
  public static JinjaLimits defaults() {
    return new JinjaLimits(20_000_000, 16 << 20, 200);
  }
}
