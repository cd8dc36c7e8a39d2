package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.Projection;
import io.infernet.inference.checkpoint.StoredTensor;
import io.infernet.inference.checkpoint.TensorSpec;
import java.util.List;

/**
 * Where the weights of a model lie on disk, in the form in which a {@link LinearKernel} takes them.
 */
interface WeightSource {

  /**
   * A tensor as it is stored: norms, biases, the embedding.
   *
   * @throws DamagedModelException when it is missing or of another shape
   */
  StoredTensor tensor(TensorSpec spec);

  /**
   * What the kernel's {@code pack} is to get for a matrix, without its bias.
   *
   * @throws DamagedModelException when something is missing or of another shape
   */
  List<StoredTensor> matrix(Projection matrix);

  /** Weights as a checkpoint has them: the pieces of a matrix. */
  static WeightSource of(Checkpoint checkpoint) {
    return new WeightSource() {
      @Override
      public StoredTensor tensor(TensorSpec spec) {
        return checkpoint.stored(spec);
      }

      @Override
      public List<StoredTensor> matrix(Projection matrix) {
        return matrix.weights().stream().map(checkpoint::stored).toList();
      }
    };
  }
}
