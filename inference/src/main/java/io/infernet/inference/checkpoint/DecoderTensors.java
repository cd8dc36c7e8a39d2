package io.infernet.inference.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The tensors of a decoder, by what they are for: which a checkpoint must have, under which names
 * and in which shapes. Derived from the configuration alone; immutable.
 */
public final class DecoderTensors {

  private final ModelConfig config;
  private final TensorNames names;

  DecoderTensors(ModelConfig config) {
    this.config = config;
    names = config.names();
  }

  /** The embedding, [vocabSize, hiddenSize]. */
  public TensorSpec embedding() {
    return TensorSpec.matrix(
        names.root() + "embed_tokens.weight", config.vocabSize(), config.hiddenSize());
  }

  /** The output head, [vocabSize, hiddenSize]: the embedding itself when they are tied. */
  public Projection head() {
    TensorSpec weight =
        config.tiedEmbeddings()
            ? embedding()
            : TensorSpec.matrix(names.head() + ".weight", config.vocabSize(), config.hiddenSize());
    return new Projection(List.of(weight), List.of());
  }

  /** The norm before the output head, [hiddenSize]. */
  public TensorSpec finalNorm() {
    return TensorSpec.vector(names.root() + "norm.weight", config.hiddenSize());
  }

  /** The norm before attention, [hiddenSize]. */
  public TensorSpec beforeAttention(int layer) {
    return norm(layer, names.beforeAttention());
  }

  /** The norm of attention's output, [hiddenSize], where there is one. */
  public Optional<TensorSpec> afterAttention(int layer) {
    return optionalNorm(layer, names.afterAttention());
  }

  /** The norm before the feed-forward block, [hiddenSize]. */
  public TensorSpec beforeMlp(int layer) {
    return norm(layer, names.beforeMlp());
  }

  /** The norm of the feed-forward block's output, [hiddenSize], where there is one. */
  public Optional<TensorSpec> afterMlp(int layer) {
    return optionalNorm(layer, names.afterMlp());
  }

  /** The norm of each query head, [headDim], where there is one. */
  public Optional<TensorSpec> queryNorm(int layer) {
    return headNorm(layer, "self_attn.q_norm.weight");
  }

  /** The norm of each key head, [headDim], where there is one. */
  public Optional<TensorSpec> keyNorm(int layer) {
    return headNorm(layer, "self_attn.k_norm.weight");
  }

  /** To queries, keys and values, in this order: [queryWidth + 2 · keyWidth, hiddenSize]. */
  public Projection qkv(int layer) {
    AttentionConfig attention = config.attention();
    return projection(
        layer(layer),
        names.qkv(),
        List.of(attention.queryWidth(), attention.keyWidth(), attention.keyWidth()),
        config.hiddenSize(),
        attention.qkvBias());
  }

  /** From attention back, [hiddenSize, queryWidth]. */
  public Projection out(int layer) {
    return projection(
        layer(layer),
        List.of("self_attn.o_proj"),
        List.of(config.hiddenSize()),
        config.attention().queryWidth(),
        config.attention().outBias());
  }

  /** Into a dense feed-forward block, gate above up: [2 · innerSize, hiddenSize]. */
  public Projection gateUp(int layer) {
    MlpConfig.Dense mlp = (MlpConfig.Dense) config.layers().get(layer).mlp();
    return projection(
        layer(layer),
        names.gateUp(),
        List.of(mlp.innerSize(), mlp.innerSize()),
        config.hiddenSize(),
        mlp.bias());
  }

  /** Out of a dense feed-forward block, [hiddenSize, innerSize]. */
  public Projection down(int layer) {
    MlpConfig.Dense mlp = (MlpConfig.Dense) config.layers().get(layer).mlp();
    return projection(
        layer(layer),
        List.of(names.down()),
        List.of(config.hiddenSize()),
        mlp.innerSize(),
        mlp.bias());
  }

  /** The router of a mixture, [experts, hiddenSize]. */
  public Projection router(int layer) {
    MlpConfig.Experts mlp = (MlpConfig.Experts) config.layers().get(layer).mlp();
    return projection(
        layer(layer), List.of(names.router()), List.of(mlp.experts()), config.hiddenSize(), false);
  }

  /** Into an expert, gate above up: [2 · innerSize, hiddenSize]. */
  public Projection expertGateUp(int layer, int expert) {
    int inner = config.layers().get(layer).mlp().innerSize();
    return projection(
        expert(layer, expert),
        names.expertGateUp(),
        List.of(inner, inner),
        config.hiddenSize(),
        false);
  }

  /** Out of an expert, [hiddenSize, innerSize]. */
  public Projection expertDown(int layer, int expert) {
    return projection(
        expert(layer, expert),
        List.of(names.expertDown()),
        List.of(config.hiddenSize()),
        config.layers().get(layer).mlp().innerSize(),
        false);
  }

  /** The matrices that a step multiplies with, head last; routers are not among them. */
  public List<Projection> matrices() {
    List<Projection> matrices = new ArrayList<>();
    for (int layer = 0; layer < config.layers().size(); layer++) {
      matrices.add(qkv(layer));
      matrices.add(out(layer));
      if (config.layers().get(layer).mlp() instanceof MlpConfig.Experts mlp) {
        for (int expert = 0; expert < mlp.experts(); expert++) {
          matrices.add(expertGateUp(layer, expert));
          matrices.add(expertDown(layer, expert));
        }
      } else {
        matrices.add(gateUp(layer));
        matrices.add(down(layer));
      }
    }
    matrices.add(head());
    return matrices;
  }

  /** All of them, each once, in the order in which a step meets them. */
  public List<TensorSpec> all() {
    List<TensorSpec> all = new ArrayList<>();
    all.add(embedding());
    for (int layer = 0; layer < config.layers().size(); layer++) {
      all.add(beforeAttention(layer));
      qkv(layer).tensors().forEach(all::add);
      queryNorm(layer).ifPresent(all::add);
      keyNorm(layer).ifPresent(all::add);
      out(layer).tensors().forEach(all::add);
      afterAttention(layer).ifPresent(all::add);
      all.add(beforeMlp(layer));
      if (config.layers().get(layer).mlp() instanceof MlpConfig.Experts mlp) {
        router(layer).tensors().forEach(all::add);
        for (int expert = 0; expert < mlp.experts(); expert++) {
          expertGateUp(layer, expert).tensors().forEach(all::add);
          expertDown(layer, expert).tensors().forEach(all::add);
        }
      } else {
        gateUp(layer).tensors().forEach(all::add);
        down(layer).tensors().forEach(all::add);
      }
      afterMlp(layer).ifPresent(all::add);
    }
    all.add(finalNorm());
    if (!config.tiedEmbeddings()) {
      head().tensors().forEach(all::add);
    }
    return all;
  }

  /** How many numbers they are in all. */
  public long parameters() {
    return all().stream().mapToLong(TensorSpec::elements).sum();
  }

  private String layer(int layer) {
    return names.root() + "layers." + layer + ".";
  }

  private String expert(int layer, int expert) {
    return layer(layer) + names.experts() + expert + ".";
  }

  private TensorSpec norm(int layer, String name) {
    return TensorSpec.vector(layer(layer) + name + ".weight", config.hiddenSize());
  }

  private Optional<TensorSpec> optionalNorm(int layer, String name) {
    return config.norms().afterBranch() ? Optional.of(norm(layer, name)) : Optional.empty();
  }

  private Optional<TensorSpec> headNorm(int layer, String name) {
    return config.norms().onHeads()
        ? Optional.of(TensorSpec.vector(layer(layer) + name, config.attention().headDim()))
        : Optional.empty();
  }

  /**
   * A projection of several outputs.
   *
   * @param pieces names of the tensors: one for each output, or one for all
   * @param rows of the outputs
   */
  private static Projection projection(
      String prefix, List<String> pieces, List<Integer> rows, long columns, boolean bias) {
    List<TensorSpec> weights = new ArrayList<>();
    List<TensorSpec> biases = new ArrayList<>();
    for (int i = 0; i < pieces.size(); i++) {
      long height =
          pieces.size() == 1 ? rows.stream().mapToLong(Integer::longValue).sum() : rows.get(i);
      weights.add(TensorSpec.matrix(prefix + pieces.get(i) + ".weight", height, columns));
      if (bias) {
        biases.add(TensorSpec.vector(prefix + pieces.get(i) + ".bias", height));
      }
    }
    return new Projection(weights, biases);
  }
}
