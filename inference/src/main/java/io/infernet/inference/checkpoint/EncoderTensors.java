package io.infernet.inference.checkpoint;

import io.infernet.inference.checkpoint.EncoderConfig.Body;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The tensors of an encoder, by what they are for: under which names, and in which shapes. Files
 * differ in whether names begin with the model's ({@code bert.}) and, those made long ago, in the
 * names of norms, so the names that there are decide. Immutable.
 */
public final class EncoderTensors {

  private final EncoderConfig config;
  private final Body body;
  private final EncoderNames names;
  private final Predicate<String> has;
  private final String prefix;

  EncoderTensors(EncoderConfig config, Predicate<String> has) {
    this.config = config;
    this.has = has;
    body = config.body();
    names = body.names();
    prefix = has.test(names.prefix() + names.embeddings().get(0) + ".weight") ? names.prefix() : "";
  }

  /** The embeddings of token ids, [vocabSize, hiddenSize]. */
  public TensorSpec words() {
    return table(0, body.vocabSize());
  }

  /** The embeddings of positions, [positions, hiddenSize]. */
  public TensorSpec positions() {
    return table(1, body.positions());
  }

  /** The embeddings of token types, [tokenTypes, hiddenSize], where there are any. */
  public Optional<TensorSpec> tokenTypes() {
    return body.tokenTypes() == 0 ? Optional.empty() : Optional.of(table(2, body.tokenTypes()));
  }

  private TensorSpec table(int number, int rows) {
    return TensorSpec.matrix(
        prefix + names.embeddings().get(number) + ".weight", rows, body.hiddenSize());
  }

  /** The norm of the embeddings' sum: factor and summand, each [hiddenSize]. */
  public List<TensorSpec> embeddingNorm() {
    return norm(prefix + names.embeddingNorm());
  }

  /** The norm after attention: factor and summand, each [hiddenSize]. */
  public List<TensorSpec> attentionNorm(int layer) {
    return norm(layer(layer) + names.attentionNorm());
  }

  /** The norm after the feed-forward block: factor and summand, each [hiddenSize]. */
  public List<TensorSpec> outputNorm(int layer) {
    return norm(layer(layer) + names.outputNorm());
  }

  private List<TensorSpec> norm(String name) {
    boolean old = has.test(name + ".gamma");
    return List.of(
        TensorSpec.vector(name + (old ? ".gamma" : ".weight"), body.hiddenSize()),
        TensorSpec.vector(name + (old ? ".beta" : ".bias"), body.hiddenSize()));
  }

  /** To queries, keys and values, in this order: [3 · hiddenSize, hiddenSize]. */
  public Projection qkv(int layer) {
    return projection(
        layer(layer),
        List.of(names.query(), names.key(), names.value()),
        body.hiddenSize(),
        body.hiddenSize());
  }

  /** From attention back, [hiddenSize, hiddenSize]. */
  public Projection out(int layer) {
    return projection(layer(layer), List.of(names.out()), body.hiddenSize(), body.hiddenSize());
  }

  /** Into the feed-forward block, [intermediateSize, hiddenSize]. */
  public Projection inner(int layer) {
    return projection(
        layer(layer), List.of(names.inner()), body.intermediateSize(), body.hiddenSize());
  }

  /** Out of the feed-forward block, [hiddenSize, intermediateSize]. */
  public Projection outer(int layer) {
    return projection(
        layer(layer), List.of(names.outer()), body.hiddenSize(), body.intermediateSize());
  }

  /**
   * A dense layer after pooling, [width, columns]; its tensors are in {@link
   * EncoderConfig.Dense#file}.
   */
  public Projection dense(int number) {
    EncoderConfig.Dense layer = config.dense().get(number);
    int columns =
        number == 0
            ? config.pooling().size() * body.hiddenSize()
            : config.dense().get(number - 1).width();
    String name = (layer.prefixed() ? prefix : "") + layer.tensor();
    return new Projection(
        List.of(TensorSpec.matrix(name + ".weight", layer.width(), columns)),
        layer.bias() ? List.of(TensorSpec.vector(name + ".bias", layer.width())) : List.of());
  }

  private String layer(int layer) {
    return prefix + names.layers() + layer + ".";
  }

  private static Projection projection(
      String prefix, List<String> pieces, long rows, long columns) {
    List<TensorSpec> weights = new ArrayList<>();
    List<TensorSpec> biases = new ArrayList<>();
    for (String piece : pieces) {
      weights.add(TensorSpec.matrix(prefix + piece + ".weight", rows, columns));
      biases.add(TensorSpec.vector(prefix + piece + ".bias", rows));
    }
    return new Projection(weights, biases);
  }
}
