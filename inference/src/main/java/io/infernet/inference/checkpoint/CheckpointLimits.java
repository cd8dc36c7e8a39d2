package io.infernet.inference.checkpoint;

/**
 * Bounds on what is read from a checkpoint, so that a hostile one cannot take the memory.
 *
 * @param maxConfigBytes size of a configuration file
 * @param maxIndexBytes size of {@code model.safetensors.index.json}
 * @param maxHeaderBytes size of a safetensors header; the format's own bound is 100 MB
 * @param maxTensors tensors in one file
 * @param maxShards files of one checkpoint
 */
public record CheckpointLimits(
    int maxConfigBytes, int maxIndexBytes, int maxHeaderBytes, int maxTensors, int maxShards) {

  public CheckpointLimits {
    if (maxConfigBytes < 1
        || maxIndexBytes < 1
        || maxHeaderBytes < 2
        || maxHeaderBytes > 100_000_000
        || maxTensors < 1
        || maxShards < 1) {
      throw new IllegalArgumentException("a limit is out of range");
    }
  }

  /** 16 MiB for each JSON text, 65,536 tensors a file, 512 files. */
  public static CheckpointLimits defaults() {
    return new CheckpointLimits(16 << 20, 16 << 20, 16 << 20, 65_536, 512);
  }
}
