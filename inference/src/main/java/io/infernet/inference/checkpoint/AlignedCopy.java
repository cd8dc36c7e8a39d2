package io.infernet.inference.checkpoint;

import io.infernet.inference.InfernetException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Copies of safetensors files whose numbers do not lie at multiples of their size, as early
 * versions of the format's library wrote them: programs that map files need that. Stateless.
 */
final class AlignedCopy {

  private AlignedCopy() {}

  /** Whether a file cannot be mapped as it is. */
  static boolean isNeeded(SafetensorsFile file) {
    return file.tensors().keySet().stream().anyMatch(name -> !file.stored(name).aligned());
  }

  /**
   * Writes the same tensors, those with the largest numbers first; a copy that is there already is
   * taken as it is. It appears complete or not at all.
   *
   * @throws InfernetException when the disk does not take it
   */
  static void write(SafetensorsFile file, Path target) {
    if (Files.exists(target)) {
      return;
    }
    List<TensorInfo> tensors = new ArrayList<>();
    long offset = 0;
    for (TensorInfo tensor :
        file.tensors().values().stream()
            .sorted(Comparator.comparingInt(info -> -info.dtype().bytes()))
            .toList()) {
      tensors.add(
          new TensorInfo(tensor.name(), tensor.dtype(), tensor.shape(), offset, tensor.size()));
      offset += tensor.size();
    }
    try {
      Files.createDirectories(target.getParent());
      Path fresh =
          Files.createTempFile(target.getParent(), target.getFileName().toString(), ".tmp");
      try {
        write(file, tensors, fresh);
        Files.move(
            fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(fresh);
      }
    } catch (IOException e) {
      throw new InfernetException(
          "cannot write %s, a copy of %s that can be mapped: %s; check space and permissions"
              .formatted(target, file.path(), e.getMessage()),
          e);
    }
  }

  private static void write(SafetensorsFile file, List<TensorInfo> tensors, Path target)
      throws IOException {
    try (FileChannel channel = FileChannel.open(target, StandardOpenOption.WRITE)) {
      writeFully(channel, SafetensorsHeader.of(tensors));
      for (TensorInfo tensor : tensors) {
        file.read(tensor.name(), piece -> writeFully(channel, piece));
      }
      channel.force(true);
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
