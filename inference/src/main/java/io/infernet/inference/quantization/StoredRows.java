package io.infernet.inference.quantization;

import io.infernet.inference.checkpoint.DType;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.StoredTensor;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The rows of a matrix that a checkpoint keeps in pieces, as float32. Reading is safe from any
 * thread.
 */
final class StoredRows implements AutoCloseable {

  /** A piece, and the tensor's name for errors. */
  record Piece(String name, StoredTensor tensor) {}

  private final List<Piece> pieces;
  private final int columns;
  private final Map<Path, FileChannel> channels = new HashMap<>();

  /**
   * @param pieces one below the other, with the same columns
   * @throws UnsupportedModelException when numbers are stored in a format that is not of weights
   */
  StoredRows(List<Piece> pieces) throws IOException {
    this.pieces = List.copyOf(pieces);
    columns = Math.toIntExact(pieces.get(0).tensor().shape().get(1));
    for (Piece piece : pieces) {
      switch (piece.tensor().dtype()) {
        case BF16, F16, F32, F64 -> {}
        default ->
            throw new UnsupportedModelException(
                "tensor %s is stored as %s, which cannot be quantized again"
                    .formatted(piece.name(), piece.tensor().dtype().label()));
      }
    }
    try {
      for (Piece piece : pieces) {
        Path file = piece.tensor().file();
        if (!channels.containsKey(file)) {
          channels.put(file, FileChannel.open(file, StandardOpenOption.READ));
        }
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /**
   * Reads some rows.
   *
   * @param first number of the first row
   * @param count of rows
   * @param target takes count · columns numbers
   * @throws DamagedModelException when a number is not finite, or the file is cut short
   */
  void read(long first, int count, float[] target) throws IOException {
    long start = 0;
    for (Piece piece : pieces) {
      long rows = piece.tensor().shape().get(0);
      long from = Math.max(first, start);
      long to = Math.min(first + count, start + rows);
      if (from < to) {
        read(piece, from - start, (int) (to - from), target, (int) (from - first) * columns);
      }
      start += rows;
    }
  }

  private void read(Piece piece, long row, int count, float[] target, int at) throws IOException {
    DType dtype = piece.tensor().dtype();
    int numbers = Math.multiplyExact(count, columns);
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(numbers, dtype.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    FileChannel channel = channels.get(piece.tensor().file());
    long position = piece.tensor().position() + row * columns * dtype.bytes();
    while (bytes.hasRemaining()) {
      int read = channel.read(bytes, position + bytes.position());
      if (read < 0) {
        throw new DamagedModelException(piece.tensor().file() + " was cut short while it was read");
      }
    }
    bytes.flip();
    for (int i = 0; i < numbers; i++) {
      float value =
          switch (dtype) {
            case BF16 -> Float.intBitsToFloat(bytes.getShort(2 * i) << 16);
            case F16 -> half(bytes.getShort(2 * i));
            case F32 -> bytes.getFloat(4 * i);
            default -> (float) bytes.getDouble(8 * i);
          };
      if (!Float.isFinite(value)) {
        throw new DamagedModelException(
            "tensor %s holds a number that is not finite, in row %d; the model is damaged"
                .formatted(piece.name(), row + i / columns));
      }
      target[at + i] = value;
    }
  }

  /** A float16 as float32. */
  static float half(short bits) {
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    float magnitude =
        switch (exponent) {
          case 0 -> fraction * 0x1p-24f;
          case 31 -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
          default -> Float.intBitsToFloat(exponent + 112 << 23 | fraction << 13);
        };
    return bits < 0 ? -magnitude : magnitude;
  }

  @Override
  public void close() {
    List<FileChannel> open = new ArrayList<>(channels.values());
    channels.clear();
    for (FileChannel channel : open) {
      try {
        channel.close();
      } catch (IOException e) {
        // Opened for reading only: there is nothing to lose.
      }
    }
  }
}
