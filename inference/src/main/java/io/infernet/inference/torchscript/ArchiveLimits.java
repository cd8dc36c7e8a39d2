package io.infernet.inference.torchscript;

/**
 * Bounds on what is read from a TorchScript archive, so that a hostile one cannot take the memory.
 *
 * @param maxEntries files in the archive
 * @param maxSourceBytes size of all source text together
 * @param maxPickleBytes size of one pickle
 * @param maxOperations operations of one pickle
 * @param maxStack values on a pickle's stack
 * @param maxMemo values that a pickle remembers
 * @param maxDepth how deep a pickle's values are nested
 */
public record ArchiveLimits(
    int maxEntries,
    int maxSourceBytes,
    int maxPickleBytes,
    int maxOperations,
    int maxStack,
    int maxMemo,
    int maxDepth) {

  public ArchiveLimits {
    if (maxEntries < 1
        || maxSourceBytes < 1
        || maxPickleBytes < 1
        || maxOperations < 1
        || maxStack < 1
        || maxMemo < 1
        || maxDepth < 1) {
      throw new IllegalArgumentException("a limit is out of range");
    }
  }

  /**
   * 65,536 files, 16 MiB of source, pickles of 32 MiB with 8 million operations, a million values
   * on the stack and as many remembered, 100 deep.
   */
  public static ArchiveLimits defaults() {
    return new ArchiveLimits(1 << 16, 16 << 20, 32 << 20, 8 << 20, 1 << 20, 1 << 20, 100);
  }
}
