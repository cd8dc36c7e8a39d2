package io.infernet.inference.quantization;

import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.inference.quantization.StoredRows.Piece;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rounds matrices into their places in a file, a block of rows at a time on each thread, so that
 * the heap holds a few blocks and never a matrix. Confined to one thread.
 */
final class Quantizer {

  /** Numbers of a block of int8 rows. */
  private static final int BLOCK_NUMBERS = 1 << 20;

  /** A block of 64 rows must fit into the heap of any machine that could run the model. */
  private static final int MOST_COLUMNS = 1 << 18;

  private final Checkpoint checkpoint;
  private final FileChannel file;
  private final QuantizedLayout layout;
  private final Workers workers;

  Quantizer(Checkpoint checkpoint, FileChannel file, QuantizedLayout layout, Workers workers) {
    this.checkpoint = checkpoint;
    this.file = file;
    this.layout = layout;
    this.workers = workers;
  }

  /**
   * Writes one matrix.
   *
   * @throws DamagedModelException when it is not as it should be
   */
  void write(QuantizedMatrix matrix) throws IOException {
    if (matrix.columns() > MOST_COLUMNS || matrix.columns() < 1) {
      throw new UnsupportedModelException(
          "this version does not quantize matrices of %d columns such as %s"
              .formatted(matrix.columns(), matrix.name()));
    }
    List<Piece> pieces = new ArrayList<>();
    for (var spec : matrix.projection().weights()) {
      pieces.add(new Piece(spec.name(), checkpoint.stored(spec)));
    }
    int columns = (int) matrix.columns();
    int blockRows =
        matrix.format() == WeightFormat.INT4
            ? QuantizedMatrix.BLOCK
            : Math.max(1, BLOCK_NUMBERS / columns);
    try (StoredRows rows = new StoredRows(pieces)) {
      for (long first = 0; first < matrix.rows(); first += blockRows) {
        long from = first;
        int count = (int) Math.min(blockRows, matrix.rows() - first);
        workers.submit(
            () -> {
              float[] numbers = new float[count * columns];
              rows.read(from, count, numbers);
              if (matrix.format() == WeightFormat.INT4) {
                int4(matrix, from, count, numbers);
              } else {
                int8(matrix, from, count, numbers);
              }
            });
      }
      workers.await();
    }
  }

  private void int8(QuantizedMatrix matrix, long first, int count, float[] numbers)
      throws IOException {
    int columns = (int) matrix.columns();
    byte[] quantized = new byte[count * columns];
    float[] scales = new float[count];
    for (int i = 0; i < count; i++) {
      scales[i] = Int8Rows.quantize(numbers, i * columns, columns, quantized);
    }
    write(quantized, layout.position(matrix.weight().name()) + first * columns);
    write(scales, matrix, first);
  }

  private void int4(QuantizedMatrix matrix, long first, int count, float[] numbers)
      throws IOException {
    int columns = (int) matrix.columns();
    int groups = columns / matrix.group();
    int half = QuantizedMatrix.BLOCK / 2;
    byte[] levels = new byte[count * columns];
    byte[] packed = new byte[columns * half];
    // Rows that pad the block are zero: level 8, step 1, zero 0.
    Arrays.fill(packed, (byte) 0x88);
    byte[] steps = new byte[groups * QuantizedMatrix.BLOCK];
    byte[] zeros = new byte[groups * QuantizedMatrix.BLOCK];
    Arrays.fill(steps, (byte) 1);
    byte[] rowSteps = new byte[groups];
    byte[] rowZeros = new byte[groups];
    float[] scales = new float[count];
    Int4Rows rows = new Int4Rows(matrix.group());
    for (int i = 0; i < count; i++) {
      scales[i] = rows.quantize(numbers, i * columns, columns, levels, rowSteps, rowZeros);
      for (int g = 0; g < groups; g++) {
        steps[g * QuantizedMatrix.BLOCK + i] = rowSteps[g];
        zeros[g * QuantizedMatrix.BLOCK + i] = rowZeros[g];
      }
      for (int k = 0; k < columns; k++) {
        int at = k * half + i % half;
        int level = levels[i * columns + k];
        packed[at] = (byte) (i < half ? packed[at] & 0xf0 | level : packed[at] & 0x0f | level << 4);
      }
    }
    write(packed, layout.position(matrix.weight().name()) + first * columns / 2);
    write(scales, matrix, first);
    long position = layout.position(matrix.groups().orElseThrow().name());
    for (int g = 0; g < groups; g++) {
      long at = position + g * matrix.paddedRows() + first;
      int from = g * QuantizedMatrix.BLOCK;
      writeSlice(steps, from, at);
      writeSlice(zeros, from, at + groups * matrix.paddedRows());
    }
  }

  private void writeSlice(byte[] bytes, int from, long position) throws IOException {
    QuantizedWeights.writeFully(
        file, ByteBuffer.wrap(bytes, from, QuantizedMatrix.BLOCK), position);
  }

  private void write(byte[] bytes, long position) throws IOException {
    QuantizedWeights.writeFully(file, ByteBuffer.wrap(bytes), position);
  }

  private void write(float[] scales, QuantizedMatrix matrix, long first) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4 * scales.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(scales);
    QuantizedWeights.writeFully(file, bytes, layout.position(matrix.scale().name()) + 4 * first);
  }
}
