package io.infernet.inference.checkpoint;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A decoder as data: what its {@code config.json} says, in one vocabulary for all families, with
 * their differences in numbers and flags. A family is a short {@link ModelFamily} that fills it in.
 *
 * <p>The arithmetic: x = embedding[id] · embeddingScale; in every layer x += attention(norm(x)) and
 * x += feedForward(norm(x)); then logits = cap(head(norm(x))), all as the parts say.
 *
 * @param family the family's short name, such as {@code llama}
 * @param vocabSize number of token ids
 * @param hiddenSize width of the residual stream
 * @param contextLength most positions
 * @param layers from the first to the last
 * @param attention alike in all layers
 * @param ropes the rotary embeddings that layers choose from
 * @param norms where there are norms, and of which kind
 * @param activation in all feed-forward blocks
 * @param embeddingScale by which embeddings are multiplied
 * @param logitCap c of c · tanh(x / c), applied to logits; 0 for none
 * @param tiedEmbeddings whether the output head is the embedding
 * @param names of the tensors
 * @param stopIds tokens that end a text, ascending
 */
public record ModelConfig(
    String family,
    int vocabSize,
    int hiddenSize,
    int contextLength,
    List<LayerConfig> layers,
    AttentionConfig attention,
    List<RopeConfig> ropes,
    NormConfig norms,
    Activation activation,
    double embeddingScale,
    double logitCap,
    boolean tiedEmbeddings,
    TensorNames names,
    List<Integer> stopIds)
    implements ModelDescription {

  /** The families this version runs. A new one is an entry here and a class. */
  private static final List<ModelFamily> FAMILIES =
      List.of(
          new LlamaFamily(),
          new MistralFamily(),
          new MixtralFamily(),
          new Qwen2Family(),
          new Qwen3Family(),
          new Qwen3MoeFamily(),
          new Gemma2Family(),
          new Gemma3Family(),
          new Phi3Family());

  public ModelConfig {
    requireNonNull(attention, "attention is null");
    requireNonNull(norms, "norms is null");
    requireNonNull(activation, "activation is null");
    requireNonNull(names, "names is null");
    layers = List.copyOf(layers);
    ropes = List.copyOf(ropes);
    stopIds = stopIds.stream().distinct().sorted().toList();
    for (LayerConfig layer : layers) {
      if (layer.rope() >= ropes.size()) {
        throw new IllegalArgumentException("a layer names rotary embedding " + layer.rope());
      }
    }
    for (RopeConfig rope : ropes) {
      if (rope.dims() > attention.headDim()) {
        throw new DamagedModelException(
            "config.json: %d elements of a head of %d cannot be turned"
                .formatted(rope.dims(), attention.headDim()));
      }
    }
  }

  /**
   * Reads {@code config.json} of a decoder's folder.
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
            .filter(candidate -> candidate.architectures().contains(architecture))
            .findFirst()
            .orElseThrow(
                () ->
                    new UnsupportedModelException(
                        "this version does not run models of architecture "
                            + architecture
                            + "; it runs "
                            + FAMILIES.stream()
                                .flatMap(candidate -> candidate.architectures().stream())
                                .collect(Collectors.joining(", "))
                            + ", "
                            + EncoderConfig.architectures()));
    return family.read(config);
  }

  @Override
  public ModelTask task() {
    return ModelTask.GENERATE;
  }

  /** The same under other names. */
  ModelConfig withNames(TensorNames other) {
    return new ModelConfig(
        family,
        vocabSize,
        hiddenSize,
        contextLength,
        layers,
        attention,
        ropes,
        norms,
        activation,
        embeddingScale,
        logitCap,
        tiedEmbeddings,
        other,
        stopIds);
  }

  /**
   * Texts of more tokens than this are turned by other frequencies, from their first token on:
   * longrope's original context. As long as the context when there is no such thing.
   */
  public int stretchAfter() {
    return ropes.stream()
        .map(RopeConfig::scaling)
        .filter(RopeScaling.LongRope.class::isInstance)
        .mapToInt(scaling -> ((RopeScaling.LongRope) scaling).originalContext())
        .reduce(contextLength, Math::min);
  }

  /** The tensors that such a model consists of. */
  public DecoderTensors tensors() {
    return new DecoderTensors(this);
  }
}
