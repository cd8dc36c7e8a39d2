package io.infernet.node.batch.file;

/**
 * What is in an output.
 *
 * @param results lines with a result
 * @param failed lines of items that nobody can do
 * @param refused lines of the input that could not be done
 * @param missing lines of items that were not done, marked with why
 */
public record OutputSummary(int results, int failed, int refused, int missing) {

  /** How many lines there are. */
  public int lines() {
    return results + failed + refused + missing;
  }

  /** Whether the batch ended before all was done. */
  public boolean isPartial() {
    return missing > 0;
  }
}
