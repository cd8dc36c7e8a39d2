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
    matrix(matrix, source);
  }

  /** Adds a matrix that lies elsewhere than the rest. */
  void matrix(Projection matrix, WeightSource from) {
    addAll(from.matrix(matrix));
    addAll(matrix.biases().stream().map(from::tensor).toList());
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
          "the numbers in %s lie at odd places, where this version cannot read them"
              .formatted(tensor.file()));
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

  /**
   * The methods of a graph that read the list, which is its attribute {@code layout}; {@code
   * cursor} is how far it has been read. {@code take} gives a tensor, mapped from its file, and
   * {@code matrix} one that the {@link LinearKernel} has laid out.
   */
  static String methods() {
    return """
    def take(self: __torch__.Model,
      files: List[str]) -> Tensor:
      at = self.cursor
      offset = (self.layout)[torch.add(at, 2)]
      end = torch.add(torch.add(at, 4), (self.layout)[torch.add(at, 3)])
      shape = torch.slice(self.layout, torch.add(at, 4), end, 1)
      count = 1
      for i in range(torch.len(shape)):
        count = torch.mul(count, shape[i])
      self.cursor = end
      whole = torch.from_file(files[(self.layout)[at]], False, torch.add(offset, count), dtype=(self.layout)[torch.add(at, 1)])
      return torch.view(torch.slice(whole, 0, offset), shape)
    def take_all(self: __torch__.Model,
      files: List[str]) -> List[Tensor]:
      count = (self.layout)[self.cursor]
      self.cursor = torch.add(self.cursor, 1)
      all = annotate(List[Tensor], [])
      for i in range(count):
        _0 = torch.append(all, (self).take(files))
      return all
    def take_bias(self: __torch__.Model,
      files: List[str]) -> List[Tensor]:
      pieces = (self).take_all(files)
      if torch.gt(torch.len(pieces), 0):
        pieces = [torch.to(torch.cat(pieces, 0), $DEVICE, $TYPE)]
      return pieces
    def matrix(self: __torch__.Model,
      files: List[str]) -> List[Tensor]:
      stored = (self).take_all(files)
      return (self).pack(stored, (self).take_bias(files))
    """;
  }
}
