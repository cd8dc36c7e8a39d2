package io.infernet.inference.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;

/** What a model folder holds, from its configuration alone. */
public sealed interface ModelDescription permits ModelConfig, EncoderConfig, ScriptConfig {

  /** The architecture's short name, such as {@code llama} or {@code bert}. */
  String family();

  /** Number of token ids. */
  int vocabSize();

  /** The most tokens of one text. */
  int contextLength();

  /** What it is for. */
  ModelTask task();

  /** Tokens that end a text; none for models that do not write. */
  List<Integer> stopIds();

  /**
   * Files of a model folder, relative to it, that decide what the model is, beside its
   * configuration, tokenizer and tensors.
   */
  static List<String> otherFiles(Path folder, CheckpointLimits limits) {
    return SentenceModules.files(folder, limits);
  }

  /**
   * Reads the configuration of a model folder, whatever kind of model it is.
   *
   * @throws DamagedModelException when it is missing or malformed
   * @throws UnsupportedModelException when this version does not run such models, naming the option
   */
  static ModelDescription read(Path folder, CheckpointLimits limits) {
    if (ScriptConfig.isIn(folder)) {
      return ScriptConfig.read(folder, limits);
    }
    JsonNode json = BoundedJson.read(folder.resolve("config.json"), limits.maxConfigBytes());
    return EncoderConfig.isEncoder(new ConfigReader(json, "config.json").architecture())
        ? EncoderConfig.read(json, folder, limits)
        : ModelConfig.of(json);
  }
}
