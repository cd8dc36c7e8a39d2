package io.infernet.inference.checkpoint;

import java.util.List;

/**
 * A tensor that a checkpoint must have.
 *
 * @param name such as {@code model.norm.weight}
 * @param shape its dimensions, outermost first
 */
public record TensorSpec(String name, List<Long> shape) {

  public TensorSpec {
    shape = List.copyOf(shape);
  }

  /** How many numbers it has. */
  public long elements() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  static TensorSpec vector(String name, long size) {
    return new TensorSpec(name, List.of(size));
  }

  static TensorSpec matrix(String name, long rows, long columns) {
    return new TensorSpec(name, List.of(rows, columns));
  }
}
