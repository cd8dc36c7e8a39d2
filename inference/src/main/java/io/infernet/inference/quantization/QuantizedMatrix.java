package io.infernet.inference.quantization;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.checkpoint.DType;
import io.infernet.inference.checkpoint.Projection;
import java.util.List;
import java.util.Optional;

/**
 * How one matrix is kept: its format, and the tensors that hold it in the file.
 *
 * <p>{@link WeightFormat#INT8}: {@code scale} float32 [rows], {@code weight} int8 [rows, columns].
 *
 * <p>{@link WeightFormat#INT4}: {@code scale} float32 [rows]; {@code groups} int8 [2, columns /
 * group, padded rows], all steps, then all zeros; {@code weight} uint8 [padded rows / 64, columns,
 * 32], where a byte of block b, column k and place d holds row 64 b + d in its lower half and row
 * 64 b + 32 + d in its upper. Rows are padded to a multiple of 64 with zeros. The blocks are those
 * that libtorch's kernel for AVX-512 reads.
 *
 * @param projection the matrix, whose bias stays in the checkpoint
 * @param format in which it is kept
 * @param group columns that share a step and a zero; 0 for int8
 */
public record QuantizedMatrix(Projection projection, WeightFormat format, int group) {

  /** Rows of a block of 4-bit numbers. */
  static final int BLOCK = 64;

  /** A tensor of the file. */
  record Entry(String name, DType dtype, List<Long> shape) {
    long bytes() {
      return shape.stream().reduce((long) dtype.bytes(), Math::multiplyExact);
    }
  }

  public QuantizedMatrix {
    requireNonNull(projection, "projection is null");
    requireNonNull(format, "format is null");
  }

  /**
   * The best form near a format that a matrix can take: 4 bits want columns in groups of 32 at
   * least; a matrix with others is kept in 8.
   */
  public static QuantizedMatrix of(Projection projection, WeightFormat format) {
    int group = projection.columns() % 64 == 0 ? 64 : projection.columns() % 32 == 0 ? 32 : 0;
    return format == WeightFormat.INT4 && group > 0
        ? new QuantizedMatrix(projection, WeightFormat.INT4, group)
        : new QuantizedMatrix(projection, WeightFormat.INT8, 0);
  }

  /** Names the matrix. */
  public String name() {
    return projection.weights().get(0).name();
  }

  long rows() {
    return projection.rows();
  }

  long columns() {
    return projection.columns();
  }

  long paddedRows() {
    return (rows() + BLOCK - 1) / BLOCK * BLOCK;
  }

  Entry scale() {
    return new Entry(name() + ".scale", DType.F32, List.of(rows()));
  }

  Optional<Entry> groups() {
    return format == WeightFormat.INT8
        ? Optional.empty()
        : Optional.of(
            new Entry(name() + ".groups", DType.I8, List.of(2L, columns() / group, paddedRows())));
  }

  Entry weight() {
    return format == WeightFormat.INT8
        ? new Entry(name() + ".int8", DType.I8, List.of(rows(), columns()))
        : new Entry(
            name() + ".int4", DType.U8, List.of(paddedRows() / BLOCK, columns(), BLOCK / 2L));
  }

  /** What it takes once it is laid out for multiplication: steps and zeros are there thrice. */
  public long bytesInMemory() {
    return scale().bytes() + 3 * groups().map(Entry::bytes).orElse(0L) + weight().bytes();
  }
}
