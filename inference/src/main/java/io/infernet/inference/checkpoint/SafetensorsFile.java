package io.infernet.inference.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A file of tensors in the <a
 * href="https://github.com/huggingface/safetensors#format">safetensors</a> format: 8 bytes header
 * length, a JSON header, the data. Everything that the header claims is checked on opening:
 * formats, shapes, bounds, no overlaps, no gaps. The data is mapped, never copied into the heap.
 * Safe from any thread; its owner closes it.
 */
public final class SafetensorsFile implements AutoCloseable {

  /** Read at a time. A mapping would stay in the process's memory until the next collection. */
  private static final int PIECE = 1 << 20;

  private static final int LENGTH_BYTES = 8;
  private static final int MAX_DIMENSIONS = 8;
  private static final int MAX_NAME_LENGTH = 512;
  private static final String METADATA = "__metadata__";

  private final Path path;
  private final FileChannel channel;
  private final long dataStart;
  private final Map<String, TensorInfo> tensors;

  private SafetensorsFile(
      Path path, FileChannel channel, long dataStart, Map<String, TensorInfo> tensors) {
    this.path = path;
    this.channel = channel;
    this.dataStart = dataStart;
    this.tensors = tensors;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws DamagedModelException when it is missing or not a whole safetensors file
   */
  public static SafetensorsFile open(Path path, CheckpointLimits limits) {
    FileChannel channel = null;
    try {
      channel = FileChannel.open(path, StandardOpenOption.READ);
      long size = channel.size();
      ByteBuffer length = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      readFully(channel, length, 0, path);
      long headerLength = length.getLong(0);
      if (headerLength < 2 || headerLength > Math.min(limits.maxHeaderBytes(), size)) {
        throw new DamagedModelException(
            path + " has a header of " + Long.toUnsignedString(headerLength) + " bytes");
      }
      ByteBuffer header = ByteBuffer.allocate((int) headerLength);
      readFully(channel, header, LENGTH_BYTES, path);
      long dataStart = LENGTH_BYTES + headerLength;
      SafetensorsFile file =
          new SafetensorsFile(
              path,
              channel,
              dataStart,
              parseHeader(header.array(), size - dataStart, limits, path.toString()));
      channel = null;
      return file;
    } catch (NoSuchFileException e) {
      throw new DamagedModelException(path + " is missing", e);
    } catch (IOException e) {
      throw new DamagedModelException("cannot read " + path + ": " + e.getMessage(), e);
    } finally {
      closeQuietly(channel);
    }
  }

  /**
   * Reads and checks a header.
   *
   * @param dataSize bytes that follow the header
   * @param what names the file in errors
   * @return the tensors by name, in the order of their data
   * @throws DamagedModelException when anything in it does not hold
   */
  static Map<String, TensorInfo> parseHeader(
      byte[] json, long dataSize, CheckpointLimits limits, String what) {
    JsonNode header = BoundedJson.parse(json, "the header of " + what);
    if (header.size() > limits.maxTensors()) {
      throw new DamagedModelException(what + " claims " + header.size() + " tensors");
    }
    List<TensorInfo> tensors = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (!entry.getKey().equals(METADATA)) {
        tensors.add(tensor(entry.getKey(), entry.getValue(), what));
      }
    }
    tensors.sort(Comparator.comparingLong(TensorInfo::offset).thenComparingLong(TensorInfo::size));
    Map<String, TensorInfo> byName = new LinkedHashMap<>();
    long end = 0;
    for (TensorInfo tensor : tensors) {
      if (tensor.offset() != end) {
        throw new DamagedModelException(
            "tensor %s of %s %s the one before it"
                .formatted(
                    tensor.name(),
                    what,
                    tensor.offset() < end ? "overlaps" : "leaves a gap after"));
      }
      // Cannot overflow: this is the end that the header claims, which is a long.
      end += tensor.size();
      if (end > dataSize) {
        break;
      }
      byName.put(tensor.name(), tensor);
    }
    if (end != dataSize) {
      throw new DamagedModelException(
          "%s has %d bytes of data where its header lists %s%d"
              .formatted(what, dataSize, end > dataSize ? "at least " : "", end));
    }
    return byName;
  }

  private static TensorInfo tensor(String name, JsonNode node, String what) {
    String shown = name.length() > 80 ? name.substring(0, 80) + "…" : name;
    if (name.length() > MAX_NAME_LENGTH) {
      throw new DamagedModelException(what + " has a tensor name that is too long: " + shown);
    }
    DType dtype = null;
    for (DType candidate : DType.values()) {
      if (candidate.name().equals(node.path("dtype").asText())) {
        dtype = candidate;
      }
    }
    if (dtype == null) {
      throw new DamagedModelException(
          "tensor %s of %s has an unknown dtype".formatted(shown, what));
    }
    JsonNode shapeNode = node.path("shape");
    JsonNode offsets = node.path("data_offsets");
    if (!shapeNode.isArray()
        || shapeNode.size() > MAX_DIMENSIONS
        || !offsets.isArray()
        || offsets.size() != 2
        || !isCount(offsets.get(0))
        || !isCount(offsets.get(1))) {
      throw new DamagedModelException(
          "tensor %s of %s has no proper shape or offsets".formatted(shown, what));
    }
    List<Long> shape = new ArrayList<>();
    long size = dtype.bytes();
    for (JsonNode dimension : shapeNode) {
      if (!isCount(dimension)) {
        throw new DamagedModelException(
            "tensor %s of %s has a bad dimension".formatted(shown, what));
      }
      shape.add(dimension.longValue());
      try {
        size = Math.multiplyExact(size, dimension.longValue());
      } catch (ArithmeticException e) {
        throw new DamagedModelException(
            "tensor %s of %s is impossibly large".formatted(shown, what), e);
      }
    }
    long begin = offsets.get(0).longValue();
    long end = offsets.get(1).longValue();
    if (end < begin || end - begin != size) {
      throw new DamagedModelException(
          "tensor %s of %s takes %d bytes, but its offsets are %d to %d"
              .formatted(shown, what, size, begin, end));
    }
    return new TensorInfo(name, dtype, shape, begin, size);
  }

  private static boolean isCount(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToLong() && node.longValue() >= 0;
  }

  /**
   * Where a tensor of weights lies in the file, if there is one of that name.
   *
   * @throws DamagedModelException when it is of another shape
   * @throws UnsupportedModelException when its numbers are no plain floating-point ones
   */
  public Optional<StoredTensor> weights(TensorSpec spec) {
    if (!tensors.containsKey(spec.name())) {
      return Optional.empty();
    }
    StoredTensor tensor = stored(spec.name());
    if (!tensor.shape().equals(spec.shape())) {
      throw new DamagedModelException(
          "tensor %s has the shape %s where config.json says %s"
              .formatted(spec.name(), tensor.shape(), spec.shape()));
    }
    if (!tensor.dtype().isPlain()) {
      throw new UnsupportedModelException(
          "tensor %s is stored as %s; this version takes weights as %s"
              .formatted(
                  spec.name(),
                  tensor.dtype().label(),
                  Arrays.stream(DType.values())
                      .filter(DType::isPlain)
                      .map(DType::label)
                      .collect(Collectors.joining(", "))));
    }
    return Optional.of(tensor);
  }

  /**
   * Where a tensor lies in the file.
   *
   * @throws IllegalArgumentException when the file has no such tensor
   */
  public StoredTensor stored(String name) {
    TensorInfo tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("no tensor " + name + " in " + path);
    }
    return new StoredTensor(path, dataStart + tensor.offset(), tensor.dtype(), tensor.shape());
  }

  Path path() {
    return path;
  }

  /** The tensors by name, in the order of their data. */
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /**
   * Hands a tensor's bytes to {@code sink}, in order, in pieces that are valid during the call.
   *
   * @throws IllegalArgumentException when the file has no such tensor
   * @throws DamagedModelException when the file was cut short after it was opened
   * @throws IOException when the sink fails
   */
  public void read(String name, ByteSink sink) throws IOException {
    TensorInfo tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("no tensor " + name + " in " + path);
    }
    long position = dataStart + tensor.offset();
    long end = position + tensor.size();
    ByteBuffer piece = ByteBuffer.allocate((int) Math.min(PIECE, tensor.size()));
    while (position < end) {
      piece.clear().limit((int) Math.min(piece.capacity(), end - position));
      readFully(channel, piece, position, path);
      position += piece.flip().remaining();
      sink.write(piece);
    }
  }

  @Override
  public void close() {
    closeQuietly(channel);
  }

  private static void readFully(FileChannel channel, ByteBuffer target, long position, Path path)
      throws IOException {
    while (target.hasRemaining()) {
      int count = channel.read(target, position + target.position());
      if (count < 0) {
        throw new DamagedModelException(path + " is cut short");
      }
    }
  }

  private static void closeQuietly(@Nullable FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        // Opened for reading only: there is nothing to lose.
      }
    }
  }
}
