package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.ModelConfig;
import io.infernet.inference.checkpoint.Projection;
import io.infernet.inference.checkpoint.StoredTensor;
import io.infernet.inference.checkpoint.TensorSpec;
import io.infernet.inference.quantization.QuantizedMatrix;
import io.infernet.inference.quantization.QuantizedWeights;
import io.infernet.inference.quantization.WeightFormat;
import java.nio.file.Path;
import java.util.List;

/**
 * Weights for {@link QuantizedLinear}: matrices from a file of {@link QuantizedWeights}, all else
 * as it is stored.
 *
 * @param stored all else
 * @param weights of the same model
 * @param file that holds them
 */
record QuantizedSource(WeightSource stored, QuantizedWeights weights, Path file)
    implements WeightSource {

  /**
   * How the matrices of a decoder are kept. The output head has 8 bits always: it is most of a
   * small model's error and little of a large one's size.
   */
  static List<QuantizedMatrix> matrices(ModelConfig config, WeightFormat format) {
    Projection head = config.tensors().head();
    return config.tensors().matrices().stream()
        .map(matrix -> QuantizedMatrix.of(matrix, matrix.equals(head) ? WeightFormat.INT8 : format))
        .toList();
  }

  @Override
  public StoredTensor tensor(TensorSpec spec) {
    return stored.tensor(spec);
  }

  @Override
  public List<StoredTensor> matrix(Projection matrix) {
    return weights.stored(file, matrix);
  }
}
