package io.infernet.inference.checkpoint;

import java.util.List;
import java.util.stream.Stream;

/**
 * A linear map y = W x + b as a graph computes it. A checkpoint may keep it in several pieces: the
 * rows of W, and the elements of b, are those of the pieces one below the other.
 *
 * @param weights the pieces of W, each [rows, columns], with the same columns
 * @param biases the pieces of b in the same order, or empty when there is no bias
 */
public record Projection(List<TensorSpec> weights, List<TensorSpec> biases) {

  public Projection {
    weights = List.copyOf(weights);
    biases = List.copyOf(biases);
  }

  /** Outputs. */
  public long rows() {
    return weights.stream().mapToLong(weight -> weight.shape().get(0)).sum();
  }

  /** Inputs. */
  public long columns() {
    return weights.get(0).shape().get(1);
  }

  Stream<TensorSpec> tensors() {
    return Stream.concat(weights.stream(), biases.stream());
  }
}
