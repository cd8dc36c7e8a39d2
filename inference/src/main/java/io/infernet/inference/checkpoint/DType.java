package io.infernet.inference.checkpoint;

import java.util.Locale;

/** The number formats of safetensors files, little-endian. */
public enum DType {
  BOOL(1),
  U8(1),
  I8(1),
  F8_E5M2(1),
  F8_E4M3(1),
  I16(2),
  U16(2),
  F16(2),
  BF16(2),
  I32(4),
  U32(4),
  F32(4),
  F64(8),
  I64(8),
  U64(8);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one number in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Whether weights are stored in it: floating-point numbers that libtorch computes with. */
  boolean isPlain() {
    return this == BF16 || this == F16 || this == F32 || this == F64;
  }

  /** The name as model names and manifests write it: {@code fp32}, {@code bf16}, … */
  public String label() {
    return switch (this) {
      case F16 -> "fp16";
      case F32 -> "fp32";
      case F64 -> "fp64";
      default -> name().toLowerCase(Locale.ROOT);
    };
  }
}
