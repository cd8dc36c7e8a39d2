package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.DType;
import io.infernet.inference.model.Variant;
import java.util.Locale;
import java.util.Optional;

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

  /**
   * What a model is to be computed with.
   *
   * @param variant as it was asked for; none for the numbers it is stored in. A quantized variant
   *     keeps these for all that is not quantized
   * @param storedAs as its manifest says
   */
  static Arithmetic of(Optional<Variant> variant, String storedAs) {
    String label =
        variant
            .filter(asked -> asked != Variant.INT8 && asked != Variant.INT4)
            .map(Variant::toString)
            .orElse(storedAs);
    if (label.equals(DType.BF16.label())) {
      return BFLOAT16;
    }
    return label.equals(DType.F16.label()) ? FLOAT16 : FLOAT32;
  }

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
