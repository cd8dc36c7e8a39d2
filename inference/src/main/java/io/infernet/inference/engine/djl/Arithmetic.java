package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.DType;
import java.util.Locale;

/** The numbers that a graph computes with. */
enum Arithmetic {
  FLOAT32(DType.F32),
  BFLOAT16(DType.BF16),
  FLOAT16(DType.F16);

  private final DType dtype;

  Arithmetic(DType dtype) {
    this.dtype = dtype;
  }

  /** Size of one number. */
  int bytes() {
    return dtype.bytes();
  }

  /** Its value of {@code torch.dtype}. */
  int scalarType() {
    return scalarType(dtype);
  }

  /**
   * A stored format as a value of {@code torch.dtype}: see libtorch's {@code
   * c10/core/ScalarType.h}.
   *
   * @throws IllegalArgumentException when weights are never stored so
   */
  static int scalarType(DType dtype) {
    return switch (dtype) {
      case U8 -> 0;
      case I8 -> 1;
      case I32 -> 3;
      case F16 -> 5;
      case F32 -> 6;
      case F64 -> 7;
      case BF16 -> 15;
      default -> throw new IllegalArgumentException("no weights are stored as " + dtype);
    };
  }

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
