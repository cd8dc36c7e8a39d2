package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.Projection;
import io.infernet.inference.checkpoint.StoredTensor;
import io.infernet.inference.checkpoint.TensorSpec;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A copy of a checkpoint's tensors in which every number lies at a multiple of its size, for the
 * rare files whose header has an odd length: what is mapped can only be read there. The copy is the
 * tensors alone, in the checkpoint's order, each at a multiple of {@value #BOUNDARY}.
 */
final class AlignedWeights {

  /** Changes whenever the order or the places do: copies are kept by it. */
  static final int VERSION = 1;

  private static final int BOUNDARY = 64;

  private final Checkpoint checkpoint;
  private final Map<String, Long> positions = new LinkedHashMap<>();
  private final long size;

  AlignedWeights(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
    long end = 0;
    for (TensorSpec spec : checkpoint.config().tensors().all()) {
      end = (end + BOUNDARY - 1) / BOUNDARY * BOUNDARY;
      positions.put(spec.name(), end);
      end += checkpoint.tensor(spec.name()).size();
    }
    size = end;
  }

  /** Whether a checkpoint needs a copy. */
  static boolean isNeeded(Checkpoint checkpoint) {
    return checkpoint.config().tensors().all().stream()
        .anyMatch(spec -> !checkpoint.stored(spec).aligned());
  }

  /** Whether a file is there that could be the copy. */
  boolean isWhole(Path file) {
    try {
      return Files.size(file) == size;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Writes the copy into a new file.
   *
   * @throws IOException when the disk fails or is full
   */
  void write(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (Map.Entry<String, Long> tensor : positions.entrySet()) {
        channel.position(tensor.getValue());
        checkpoint.read(
            tensor.getKey(),
            bytes -> {
              while (bytes.hasRemaining()) {
                channel.write(bytes);
              }
            });
      }
      channel.force(true);
    }
  }

  /** Where the weights lie in the copy. */
  WeightSource source(Path file) {
    return new WeightSource() {
      @Override
      public StoredTensor tensor(TensorSpec spec) {
        StoredTensor original = checkpoint.stored(spec);
        return new StoredTensor(
            file, positions.get(spec.name()), original.dtype(), original.shape());
      }

      @Override
      public List<StoredTensor> matrix(Projection matrix) {
        return matrix.weights().stream().map(this::tensor).toList();
      }
    };
  }
}
