package io.infernet.inference.quantization;

import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.Projection;
import io.infernet.inference.checkpoint.SafetensorsFile;
import io.infernet.inference.checkpoint.StoredTensor;
import io.infernet.inference.checkpoint.TensorInfo;
import io.infernet.inference.quantization.QuantizedMatrix.Entry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * The quantized matrices of a model, and the file that keeps them: safetensors, with the checksums
 * of all tensors in a tensor of their own. What is not a matrix stays in the checkpoint. Immutable;
 * keeps no file open.
 */
public final class QuantizedWeights {

  /** Changes whenever the same weights would give other bytes. */
  public static final int VERSION = 2;

  private final Map<String, QuantizedMatrix> matrices = new LinkedHashMap<>();
  private final QuantizedLayout layout;
  private final CheckpointLimits limits;

  /**
   * @param matrices all that are to be quantized, each once
   */
  public QuantizedWeights(List<QuantizedMatrix> matrices, CheckpointLimits limits) {
    for (QuantizedMatrix matrix : matrices) {
      if (this.matrices.put(matrix.name(), matrix) != null) {
        throw new IllegalArgumentException(matrix.name() + " is there twice");
      }
    }
    layout = new QuantizedLayout(this.matrices.values());
    // A matrix is up to three tensors here: a model within the limits must not leave them.
    this.limits =
        new CheckpointLimits(
            limits.maxConfigBytes(),
            limits.maxIndexBytes(),
            Math.max(limits.maxHeaderBytes(), layout.header().length),
            Math.max(limits.maxTensors(), layout.entries().size() + 1),
            limits.maxShards());
  }

  /** Size of the file. */
  public long bytes() {
    return layout.size();
  }

  /** How a matrix is kept. */
  public QuantizedMatrix matrix(Projection projection) {
    QuantizedMatrix matrix = matrices.get(projection.weights().get(0).name());
    if (matrix == null) {
      throw new IllegalArgumentException(
          projection.weights().get(0).name() + " is not among the quantized matrices");
    }
    return matrix;
  }

  /**
   * Where a matrix lies in the file: its numbers, its scale and, for 4 bits, its groups.
   *
   * @param file that {@link #write} has made
   */
  public List<StoredTensor> stored(Path file, Projection projection) {
    QuantizedMatrix matrix = matrix(projection);
    return Stream.concat(Stream.of(matrix.weight(), matrix.scale()), matrix.groups().stream())
        .map(
            entry ->
                new StoredTensor(file, layout.position(entry.name()), entry.dtype(), entry.shape()))
        .toList();
  }

  /**
   * Quantizes a model into a new file, which is on the disk when this returns.
   *
   * @param threads that compute
   * @throws DamagedModelException when a tensor is missing, of another shape, or holds a number
   *     that is not finite
   * @throws IOException when the disk does not take it
   */
  public void write(Path file, Checkpoint checkpoint, int threads) throws IOException {
    FileStore disk = Files.getFileStore(file.toAbsolutePath().getParent());
    if (disk.getUsableSpace() < bytes()) {
      throw new IOException(
          "%d MB are needed, %d are free".formatted(bytes() >> 20, disk.getUsableSpace() >> 20));
    }
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      writeFully(channel, ByteBuffer.wrap(layout.header()), 0);
      try (Workers workers = new Workers(threads)) {
        Quantizer quantizer = new Quantizer(checkpoint, channel, layout, workers);
        for (QuantizedMatrix matrix : matrices.values()) {
          quantizer.write(matrix);
        }
      }
      ByteBuffer sums =
          ByteBuffer.allocate(4 * layout.entries().size()).order(ByteOrder.LITTLE_ENDIAN);
      writeFully(channel, sums, layout.position(QuantizedLayout.CHECKSUMS));
      try (SafetensorsFile written = SafetensorsFile.open(file, limits)) {
        sums.clear();
        checksums(written, threads).forEach(sums::putInt);
      }
      sums.flip();
      writeFully(channel, sums, layout.position(QuantizedLayout.CHECKSUMS));
      channel.force(true);
    }
  }

  /**
   * Whether the file is there, holds these matrices, and every tensor has the checksum it was
   * written with.
   *
   * @param threads that read
   */
  public boolean isWhole(Path file, int threads) {
    if (!Files.exists(file)) {
      return false;
    }
    try (SafetensorsFile open = SafetensorsFile.open(file, limits)) {
      for (Entry entry : layout.entries()) {
        TensorInfo info = open.tensors().get(entry.name());
        if (info == null
            || info.dtype() != entry.dtype()
            || !info.shape().equals(entry.shape())
            || open.stored(entry.name()).position() != layout.position(entry.name())) {
          return false;
        }
      }
      ByteBuffer sums =
          ByteBuffer.allocate(4 * layout.entries().size()).order(ByteOrder.LITTLE_ENDIAN);
      if (open.stored(QuantizedLayout.CHECKSUMS).shape().get(0) != layout.entries().size()) {
        return false;
      }
      open.read(QuantizedLayout.CHECKSUMS, sums::put);
      sums.flip();
      for (int sum : checksums(open, threads)) {
        if (sums.getInt() != sum) {
          return false;
        }
      }
      return true;
    } catch (DamagedModelException | IllegalArgumentException | IOException e) {
      return false;
    }
  }

  private List<Integer> checksums(SafetensorsFile file, int threads) throws IOException {
    int[] sums = new int[layout.entries().size()];
    try (Workers workers = new Workers(threads)) {
      for (int i = 0; i < sums.length; i++) {
        int number = i;
        workers.submit(
            () -> {
              CRC32C sum = new CRC32C();
              file.read(layout.entries().get(number).name(), sum::update);
              sums[number] = (int) sum.getValue();
            });
      }
      workers.await();
    }
    List<Integer> list = new ArrayList<>();
    for (int sum : sums) {
      list.add(sum);
    }
    return list;
  }

  static void writeFully(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
  }
}
