package io.infernet.inference.quantization;

import java.util.Locale;

/** How a matrix W [rows, columns] is kept in fewer bits. */
public enum WeightFormat {
  /** W ≈ scale[row] · q, q in -127…127. */
  INT8,
  /**
   * W ≈ scale[row] · (step[row, group] · (q - 8) + zero[row, group]), q in 0…15, for groups of
   * columns. Step and zero are whole numbers, and so chosen that the bracket fits into 8 bits: so
   * the same matrix can be multiplied exactly as 4-bit or as 8-bit integers.
   */
  INT4;

  /** As in names of files. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
