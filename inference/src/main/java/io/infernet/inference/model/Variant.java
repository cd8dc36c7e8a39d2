package io.infernet.inference.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The numbers a model is computed with, as in {@code NAME:VARIANT}. */
public enum Variant {
  FP32,
  BF16,
  FP16,
  INT8,
  INT4;

  /** The variant that prints as {@code text}, if there is one. */
  public static Optional<Variant> parse(String text) {
    return Arrays.stream(values()).filter(v -> v.toString().equals(text)).findFirst();
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
