package io.infernet.inference.checkpoint;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.List;

/**
 * A tensor on disk, where a program that maps the file finds it: little-endian, rows one after
 * another.
 *
 * @param file that holds it
 * @param position of its first byte, counted from the file's beginning
 * @param dtype its number format
 * @param shape its dimensions, outermost first
 */
public record StoredTensor(Path file, long position, DType dtype, List<Long> shape) {

  public StoredTensor {
    requireNonNull(file, "file is null");
    requireNonNull(dtype, "dtype is null");
    shape = List.copyOf(shape);
  }

  /** Whether its numbers lie at multiples of their size, as a mapping needs them. */
  public boolean aligned() {
    return position % dtype.bytes() == 0;
  }
}
