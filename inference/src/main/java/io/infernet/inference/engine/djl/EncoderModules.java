package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.EncoderConfig;
import io.infernet.inference.checkpoint.EncoderConfig.Dense;
import io.infernet.inference.checkpoint.Projection;
import io.infernet.inference.checkpoint.SafetensorsFile;
import io.infernet.inference.checkpoint.StoredTensor;
import io.infernet.inference.checkpoint.TensorSpec;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The dense layers of sentence-transformers, which lie in folders of their own. Confined to one
 * thread; its owner closes it.
 */
final class EncoderModules implements AutoCloseable {

  private final Map<String, SafetensorsFile> files = new LinkedHashMap<>();

  private EncoderModules() {}

  /**
   * Opens the files that a model's dense layers are in, beside the checkpoint.
   *
   * @throws DamagedModelException when one is missing or not a whole safetensors file
   */
  static EncoderModules open(Path folder, EncoderConfig config, CheckpointLimits limits) {
    EncoderModules modules = new EncoderModules();
    try {
      for (Dense layer : config.dense()) {
        if (!layer.file().isEmpty() && !modules.files.containsKey(layer.file())) {
          modules.files.put(
              layer.file(), SafetensorsFile.open(folder.resolve(layer.file()), limits));
        }
      }
      return modules;
    } catch (RuntimeException e) {
      modules.close();
      throw e;
    }
  }

  /** Where a dense layer's tensors are: in its own file, or in {@code checkpoint}. */
  WeightSource source(Dense layer, WeightSource checkpoint) {
    SafetensorsFile file = files.get(layer.file());
    if (file == null) {
      return checkpoint;
    }
    return new WeightSource() {
      @Override
      public StoredTensor tensor(TensorSpec spec) {
        return file.weights(spec)
            .orElseThrow(
                () ->
                    new DamagedModelException(
                        "%s has no tensor %s".formatted(layer.file(), spec.name())));
      }

      @Override
      public List<StoredTensor> matrix(Projection matrix) {
        return matrix.weights().stream().map(this::tensor).toList();
      }
    };
  }

  @Override
  public void close() {
    files.values().forEach(SafetensorsFile::close);
  }
}
