package io.infernet.inference.checkpoint;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The shape of a decoder: what its {@code config.json} says, in one vocabulary for all families. A
 * family that needs more adds a component here and reads it in its {@link ModelFamily}.
 *
 * @param family the family's short name, such as {@code llama}
 * @param vocabSize number of token ids
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width inside the feed-forward part
 * @param layers number of layers
 * @param heads number of query heads
 * @param kvHeads number of key/value heads; query head h uses head h / (heads / kvHeads)
 * @param headDim width of a head
 * @param contextLength most positions
 * @param normEpsilon of the RMS norms
 * @param ropeTheta base of the rotary wavelengths
 * @param ropeScaling how they are stretched
 * @param tiedEmbeddings whether the output head is the embedding
 * @param attentionBias whether q, k, v and o have biases
 * @param mlpBias whether gate, up and down have biases
 * @param stopIds tokens that end a text, ascending
 */
public record ModelConfig(
    String family,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int contextLength,
    double normEpsilon,
    double ropeTheta,
    RopeScaling ropeScaling,
    boolean tiedEmbeddings,
    boolean attentionBias,
    boolean mlpBias,
    List<Integer> stopIds) {

  /** The families this version runs. A new one is an entry here and a class. */
  private static final List<ModelFamily> FAMILIES = List.of(new LlamaFamily());

  public ModelConfig {
    requireNonNull(ropeScaling, "ropeScaling is null");
    stopIds = stopIds.stream().distinct().sorted().toList();
    if (heads % kvHeads != 0) {
      throw new DamagedModelException(
          "config.json: %d heads cannot share %d key/value heads".formatted(heads, kvHeads));
    }
    if (headDim % 2 != 0) {
      throw new DamagedModelException("config.json: head_dim is odd: " + headDim);
    }
  }

  /**
   * Reads {@code config.json} of a model folder.
   *
   * @throws DamagedModelException when it is missing or malformed
   * @throws UnsupportedModelException when this version does not run such models, naming the option
   */
  public static ModelConfig read(Path folder, CheckpointLimits limits) {
    return of(BoundedJson.read(folder.resolve("config.json"), limits.maxConfigBytes()));
  }

  static ModelConfig of(JsonNode json) {
    ConfigReader config = new ConfigReader(json, "config.json");
    String architecture = config.architecture();
    ModelFamily family =
        FAMILIES.stream()
            .filter(candidate -> candidate.architecture().equals(architecture))
            .findFirst()
            .orElseThrow(
                () ->
                    new UnsupportedModelException(
                        "this version does not run models of architecture "
                            + architecture
                            + "; it runs "
                            + FAMILIES.stream()
                                .map(ModelFamily::architecture)
                                .collect(Collectors.joining(", "))));
    return family.read(config);
  }

  /**
   * The rotary frequencies, one for each pair (i, i + headDim / 2) of a head.
   *
   * @return headDim / 2 values in radians a position
   */
  public float[] ropeFrequencies() {
    float[] frequencies = new float[headDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = (float) ropeScaling.scale(1 / StrictMath.pow(ropeTheta, 2.0 * i / headDim));
    }
    return frequencies;
  }
}
