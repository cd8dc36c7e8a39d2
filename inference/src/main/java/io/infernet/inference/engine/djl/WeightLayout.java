package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.Projection;
import io.infernet.inference.checkpoint.StoredTensor;
import io.infernet.inference.checkpoint.TensorSpec;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells a graph where its weights lie: a list of numbers that the graph reads from the first to the
 * last while it loads. A tensor is its file's number, its format as {@code torch.dtype}, its offset
 * in numbers of that format, how many dimensions it has, and these. A list of tensors is their
 * count, then each. Confined to one thread.
 */
final class WeightLayout {

  private final WeightSource source;
  private final List<Path> files = new ArrayList<>();
  private final List<Long> numbers = new ArrayList<>();

  WeightLayout(WeightSource source) {
    this.source = source;
  }

  /** Adds a tensor that {@code take} will give. */
  void tensor(TensorSpec spec) {
    add(source.tensor(spec));
  }

  /** Adds a matrix and its bias, which {@code matrix} will give. */
  void matrix(Projection matrix) {
    addAll(source.matrix(matrix));
    addAll(matrix.biases().stream().map(source::tensor).toList());
  }

  private void addAll(List<StoredTensor> tensors) {
    numbers.add((long) tensors.size());
    tensors.forEach(this::add);
  }

  private void add(StoredTensor tensor) {
    int file = files.indexOf(tensor.file());
    if (file < 0) {
      file = files.size();
      files.add(tensor.file());
    }
    if (!tensor.aligned()) {
      throw new UnsupportedModelException(
          "this version does not run models whose numbers are not aligned: " + tensor.file());
    }
    numbers.add((long) file);
    numbers.add((long) Arithmetic.scalarType(tensor.dtype()));
    numbers.add(tensor.position() / tensor.dtype().bytes());
    numbers.add((long) tensor.shape().size());
    numbers.addAll(tensor.shape());
  }

  /** The files, by number. */
  List<Path> files() {
    return List.copyOf(files);
  }

  /** The list. */
  List<Long> numbers() {
    return List.copyOf(numbers);
  }
}
