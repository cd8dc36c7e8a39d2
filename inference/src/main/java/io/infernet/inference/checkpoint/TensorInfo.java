package io.infernet.inference.checkpoint;

import java.util.List;

/**
 * Where a tensor lies in its file.
 *
 * @param name such as {@code model.norm.weight}
 * @param dtype its number format
 * @param shape its dimensions, outermost first; empty for a single number
 * @param offset of its first byte, counted from the end of the header
 * @param size in bytes
 */
public record TensorInfo(String name, DType dtype, List<Long> shape, long offset, long size) {

  public TensorInfo {
    shape = List.copyOf(shape);
  }
}
