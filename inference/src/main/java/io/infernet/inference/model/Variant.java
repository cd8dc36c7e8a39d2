package io.infernet.inference.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The numbers a model is computed with, as in {@code NAME:VARIANT}. */
public enum Variant {
  FP32(true),
  BF16(true),
  FP16(false),
  INT8(true),
  INT4(true);

  private final boolean runnable;

  Variant(boolean runnable) {
    this.runnable = runnable;
  }

  /** Whether this version computes with such numbers. */
  public boolean runnable() {
    return runnable;
  }

  /** The variant that prints as {@code text}, if there is one. */
  public static Optional<Variant> parse(String text) {
    return Arrays.stream(values()).filter(v -> v.toString().equals(text)).findFirst();
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
