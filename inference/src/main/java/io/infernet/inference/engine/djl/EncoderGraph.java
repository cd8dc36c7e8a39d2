package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.Activation;
import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.EncoderConfig;
import io.infernet.inference.checkpoint.EncoderConfig.Body;
import io.infernet.inference.checkpoint.EncoderConfig.Dense;
import io.infernet.inference.checkpoint.EncoderConfig.Pooling;
import io.infernet.inference.checkpoint.EncoderHead;
import io.infernet.inference.checkpoint.EncoderTensors;
import io.infernet.inference.checkpoint.Projection;
import io.infernet.inference.checkpoint.TensorSpec;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Turns an encoder's checkpoint into a TorchScript module that reads many texts a call. Its
 * methods:
 *
 * <ul>
 *   <li>{@code load(files)}: once, before all else: lays the weights out in memory;
 *   <li>{@code forward(ids, types, lengths, counts)}: the texts, one behind the other, those of
 *       equal length together: first {@code counts[0]} texts of {@code lengths[0]} tokens, and so
 *       on. {@code types} are the token types, or empty where the model has none to choose from.
 *       Gives {@code [texts, width]} float32: vectors, or logits.
 * </ul>
 *
 * <p>Implementation notes. There is no padding. Everything but attention treats tokens alone, so
 * the tokens of all texts are rows of one matrix; attention is one call for all texts of equal
 * length. So no work is done for padding, no mask is needed, and what comes out for a text depends
 * on others only by the rounding of matrix products of another height.
 */
final class EncoderGraph {

  /** Changes whenever the generated text or the attributes do: converted models are kept by it. */
  static final int VERSION = 1;

  private final EncoderConfig config;
  private final Arithmetic arithmetic;
  private final LinearKernel kernel;

  EncoderGraph(EncoderConfig config, Arithmetic arithmetic, LinearKernel kernel) {
    this.config = config;
    this.arithmetic = arithmetic;
    this.kernel = kernel;
  }

  /** What the weights take in memory, in bytes. */
  long weightBytes() {
    Body body = config.body();
    long hidden = body.hiddenSize();
    long perLayer = 4 * hidden * hidden + 2 * hidden * body.intermediateSize();
    long tables = (long) body.vocabSize() + body.positions() + body.tokenTypes();
    long dense = 0;
    long columns = config.pooling().size() * hidden;
    for (Dense layer : config.dense()) {
      dense += columns * layer.width();
      columns = layer.width();
    }
    return (tables * hidden + body.layers() * perLayer + dense) * arithmetic.bytes();
  }

  int vocabSize() {
    return config.body().vocabSize();
  }

  EncoderHead head() {
    return config.head();
  }

  /** Whether the model tells the texts of a pair apart. */
  boolean readsTypes() {
    return config.body().tokenTypes() > 1 && config.body().pairTypes();
  }

  /**
   * Where the weights lie, in the order in which {@code load} takes them.
   *
   * @param modules the dense layers that are in files of their own
   * @throws io.infernet.inference.checkpoint.DamagedModelException when a tensor is missing or of
   *     another shape than the configuration says
   */
  WeightLayout layout(Checkpoint checkpoint, EncoderModules modules) {
    EncoderTensors tensors = config.tensors(checkpoint::has);
    WeightSource source = WeightSource.of(checkpoint);
    WeightLayout layout = new WeightLayout(source);
    int layers = config.body().layers();
    layout.tensor(tensors.words());
    layout.tensor(tensors.positions());
    tensors.tokenTypes().ifPresent(layout::tensor);
    tensors.embeddingNorm().forEach(layout::tensor);
    each(layers, tensors::qkv, layout);
    each(layers, tensors::out, layout);
    each(layers, tensors::inner, layout);
    each(layers, tensors::outer, layout);
    for (IntFunction<List<TensorSpec>> norm :
        List.<IntFunction<List<TensorSpec>>>of(tensors::attentionNorm, tensors::outputNorm)) {
      IntStream.range(0, layers).forEach(l -> norm.apply(l).forEach(layout::tensor));
    }
    for (int i = 0; i < config.dense().size(); i++) {
      layout.matrix(tensors.dense(i), modules.source(config.dense().get(i), source));
    }
    return layout;
  }

  /**
   * The module.
   *
   * @param layout where its weights lie
   */
  TorchScriptArchive archive(WeightLayout layout) {
    TorchScriptArchive archive = new TorchScriptArchive(source());
    archive.integers("layout", layout.numbers());
    archive.integer("cursor", 0);
    for (String name : List.of("words", "positions", "types")) {
      archive.tensor(name, TorchScriptArchive.Tensor.empty());
    }
    for (String name :
        List.of(
            "qkv",
            "out",
            "inner",
            "outer",
            "embedding_norm",
            "attention_norm",
            "output_norm",
            "dense")) {
      archive.list(name);
    }
    return archive;
  }

  private static void each(int layers, IntFunction<Projection> matrix, WeightLayout layout) {
    IntStream.range(0, layers).mapToObj(matrix).forEach(layout::matrix);
  }

  /** The source text, in the form that libtorch writes and reads. */
  String source() {
    Body body = config.body();
    String text =
        """
        class Model(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          layout : List[int]
          cursor : int
          words : Tensor
          positions : Tensor
          types : Tensor
          qkv : List[List[Tensor]]
          out : List[List[Tensor]]
          inner : List[List[Tensor]]
          outer : List[List[Tensor]]
          embedding_norm : List[List[Tensor]]
          attention_norm : List[List[Tensor]]
          output_norm : List[List[Tensor]]
          dense : List[List[Tensor]]
        """
            + ScriptText.method(WeightLayout.methods())
            + ScriptText.method(kernel.methods(body.activation()))
            + ScriptText.method(loading())
            + ScriptText.method(forward());
    return ScriptText.fill(
        text,
        Map.of(
            "DEVICE", "torch.device(\"cpu\")",
            "TYPE", arithmetic.scalarType(),
            "HIDDEN", body.hiddenSize(),
            "LAYERS", body.layers(),
            "HEADS", body.heads(),
            "DIM", body.hiddenSize() / body.heads(),
            "FIRST", body.firstPosition(),
            "EPS", body.normEpsilon()));
  }

  private String loading() {
    return """
    def norm_weights(self: __torch__.Model,
      files: List[str]) -> List[Tensor]:
      w = torch.to((self).take(files), $DEVICE, $TYPE, False, True)
      b = torch.to((self).take(files), $DEVICE, $TYPE, False, True)
      return [w, b]
    def load(self: __torch__.Model,
      files: List[str]) -> int:
      self.words = torch.to((self).take(files), $DEVICE, $TYPE, False, True)
      self.positions = torch.to((self).take(files), $DEVICE, $TYPE, False, True)
    """
        + (config.body().tokenTypes() > 0
            ? "  self.types = torch.to((self).take(files), $DEVICE, $TYPE, False, True)\n"
            : "")
        + (config.body().tokenTypes() > 0 && !readsTypes()
            ? "  self.positions = torch.add(self.positions, torch.slice(self.types, 0, 0, 1))\n"
            : "")
        + """
          _0 = torch.append(self.embedding_norm, (self).norm_weights(files))
        """
        + List.of("qkv", "out", "inner", "outer").stream()
            .map(
                name ->
                    """
                      for l in range($LAYERS):
                        _1 = torch.append(self.%s, (self).matrix(files))
                    """
                        .formatted(name))
            .collect(Collectors.joining())
        + List.of("attention_norm", "output_norm").stream()
            .map(
                name ->
                    """
                      for l in range($LAYERS):
                        _1 = torch.append(self.%s, (self).norm_weights(files))
                    """
                        .formatted(name))
            .collect(Collectors.joining())
        + """
          for l in range(%s):
            _1 = torch.append(self.dense, (self).matrix(files))
          self.layout = annotate(List[int], [])
          return 0
        """
            .formatted(config.dense().size());
  }

  private String forward() {
    return """
    def forward(self: __torch__.Model,
      ids: List[int],
      types: List[int],
      lengths: List[int],
      counts: List[int]) -> Tensor:
      x = torch.embedding(self.words, torch.tensor(ids, dtype=4, device=$DEVICE))
      places = annotate(List[Tensor], [])
      for r in range(torch.len(lengths)):
        place = torch.slice(self.positions, 0, $FIRST, torch.add(lengths[r], $FIRST))
        _0 = torch.append(places, torch.repeat(place, [counts[r], 1]))
      x = torch.add(x, torch.cat(places, 0))
    """
        + (readsTypes()
            ? "  x = torch.add(x, torch.embedding(self.types, torch.tensor(types, dtype=4, device=$DEVICE)))\n"
            : "")
        + """
          norm = (self.embedding_norm)[0]
          x = torch.layer_norm(x, [$HIDDEN], norm[0], norm[1], $EPS, False)
          for l in range($LAYERS):
            qkv = (self).linear(x, (self.qkv)[l])
            attended = annotate(List[Tensor], [])
            start = 0
            for r in range(torch.len(lengths)):
              count = counts[r]
              length = lengths[r]
              end = torch.add(start, torch.mul(count, length))
              part = torch.view(torch.slice(qkv, 0, start, end), [count, length, 3, $HEADS, $DIM])
              q = torch.transpose(torch.select(part, 2, 0), 1, 2)
              k = torch.transpose(torch.select(part, 2, 1), 1, 2)
              v = torch.transpose(torch.select(part, 2, 2), 1, 2)
              o = torch.scaled_dot_product_attention(q, k, v, None, 0., False, scale=None, enable_gqa=False)
              _1 = torch.append(attended, torch.reshape(torch.transpose(o, 1, 2), [torch.mul(count, length), $HIDDEN]))
              start = end
            x = (self).linear_add(torch.cat(attended, 0), (self.out)[l], x)
            norm = (self.attention_norm)[l]
            x = torch.layer_norm(x, [$HIDDEN], norm[0], norm[1], $EPS, False)
            h = (self).linear(x, (self.inner)[l])
            x = (self).linear_add(%s, (self.outer)[l], x)
            norm = (self.output_norm)[l]
            x = torch.layer_norm(x, [$HIDDEN], norm[0], norm[1], $EPS, False)
          pooled = annotate(List[Tensor], [])
          start = 0
          for r in range(torch.len(lengths)):
            count = counts[r]
            length = lengths[r]
            end = torch.add(start, torch.mul(count, length))
            part = torch.to(torch.view(torch.slice(x, 0, start, end), [count, length, $HIDDEN]), 6)
            _2 = torch.append(pooled, torch.cat([%s], 1))
            start = end
          y = torch.to(torch.cat(pooled, 0), $TYPE)
        """
            .formatted(
                activated(config.body().activation()),
                config.pooling().stream()
                    .map(EncoderGraph::pooled)
                    .collect(Collectors.joining(", ")))
        + IntStream.range(0, config.dense().size())
            .mapToObj(i -> "  y = %s\n".formatted(dense(i, config.dense().get(i))))
            .collect(Collectors.joining())
        + "  y = torch.to(y, 6)\n"
        + (config.normalized()
            ? "  y = torch.div(y, torch.clamp_min(torch.sqrt(torch.sum(torch.mul(y, y), [1], True)), 1e-12))\n"
            : "")
        + "  return y\n";
  }

  /** The bend of {@code h}; GELU's tanh form in parts, as archives of version 3 have only erf's. */
  private static String activated(Activation activation) {
    return switch (activation) {
      case SILU -> "torch.silu(h)";
      case GELU -> "torch.gelu(h)";
      case GELU_TANH ->
          "torch.mul(torch.mul(h, 0.5), torch.add(torch.tanh(torch.mul(torch.add(h, torch.mul(torch.pow(h, 3), 0.044715)), 0.7978845608028654)), 1.))";
    };
  }

  /** One vector a text, [count, hidden], of {@code part}, [count, length, hidden]. */
  private static String pooled(Pooling way) {
    return switch (way) {
      case CLS -> "torch.select(part, 1, 0)";
      case MAX -> "torch.amax(part, [1])";
      case MEAN -> "torch.mean(part, [1])";
      case MEAN_SQRT_LEN -> "torch.mul(torch.mean(part, [1]), torch.sqrt(length))";
      case WEIGHTED_MEAN ->
          """
          torch.div(torch.sum(torch.mul(part, torch.unsqueeze(torch.arange(1, torch.add(length, 1), dtype=6, device=$DEVICE), 1)), [1]), torch.div(torch.mul(length, torch.add(length, 1)), 2))"""
              .strip();
      case LAST -> "torch.select(part, 1, -1)";
    };
  }

  private static String dense(int number, Dense layer) {
    String linear = "(self).linear(y, (self.dense)[%s])".formatted(number);
    return switch (layer.activation()) {
      case NONE -> linear;
      case TANH -> "torch.tanh(%s)".formatted(linear);
      case RELU -> "torch.relu(%s)".formatted(linear);
    };
  }
}
