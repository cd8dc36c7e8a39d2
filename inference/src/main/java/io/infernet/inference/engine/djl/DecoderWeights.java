package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.DecoderTensors;
import io.infernet.inference.checkpoint.MlpConfig;
import io.infernet.inference.checkpoint.ModelConfig;
import io.infernet.inference.checkpoint.Projection;
import io.infernet.inference.checkpoint.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The part of a decoder's graph that brings the weights into memory: attributes, source text and
 * the layout of the files, which follow the same order.
 *
 * <p>Implementation notes. Files are mapped anew for every tensor, and the mapping ends when the
 * tensor is laid out, so that a loading model takes its own memory and that of one matrix, not that
 * of its files too. The head, which is the largest, comes first. Only the table of embeddings, of
 * which a step reads a few rows, stays mapped on the processor, unless it is the head as well and
 * the kernel keeps rows as they are.
 */
final class DecoderWeights {

  /** Tensors of one kind, one for each layer that has it. */
  private record Kind(
      String attribute, String element, String loader, int count, Consumer<WeightLayout> add) {}

  private final ModelConfig config;
  private final LinearKernel kernel;
  private final boolean embeddingMapped;
  private final List<Kind> kinds = new ArrayList<>();

  /**
   * @param onProcessor whether it computes where files are mapped
   */
  DecoderWeights(ModelConfig config, LinearKernel kernel, boolean onProcessor) {
    this.config = config;
    this.kernel = kernel;
    embeddingMapped = onProcessor && !headIsEmbedding();
    DecoderTensors tensors = config.tensors();
    int layers = config.layers().size();
    norms("before_attention", layer -> Optional.of(tensors.beforeAttention(layer)));
    norms("after_attention", tensors::afterAttention);
    norms("before_mlp", layer -> Optional.of(tensors.beforeMlp(layer)));
    norms("after_mlp", tensors::afterMlp);
    norms("query_norm", tensors::queryNorm);
    norms("key_norm", tensors::keyNorm);
    matrices("qkv", IntStream.range(0, layers).mapToObj(tensors::qkv).toList(), "matrix");
    matrices("out", IntStream.range(0, layers).mapToObj(tensors::out).toList(), "matrix");
    List<Integer> dense = layersWith(MlpConfig.Dense.class);
    matrices("gate_up", dense.stream().map(tensors::gateUp).toList(), "gated_matrix");
    matrices("down", dense.stream().map(tensors::down).toList(), "matrix");
    List<Integer> mixed = layersWith(MlpConfig.Experts.class);
    List<TensorSpec> routers =
        mixed.stream().map(layer -> tensors.router(layer).weights().get(0)).toList();
    if (!mixed.isEmpty()) {
      kinds.add(
          new Kind(
              "router",
              "Tensor",
              "router_matrix",
              routers.size(),
              layout -> routers.forEach(layout::tensor)));
    }
    matrices(
        "expert_gate_up",
        mixed.stream()
            .flatMap(layer -> experts(layer).mapToObj(e -> tensors.expertGateUp(layer, e)))
            .toList(),
        "gated_matrix");
    matrices(
        "expert_down",
        mixed.stream()
            .flatMap(layer -> experts(layer).mapToObj(e -> tensors.expertDown(layer, e)))
            .toList(),
        "matrix");
  }

  private boolean headIsEmbedding() {
    return config.tiedEmbeddings() && kernel.keepsRows();
  }

  private List<Integer> layersWith(Class<? extends MlpConfig> kind) {
    return IntStream.range(0, config.layers().size())
        .filter(layer -> kind.isInstance(config.layers().get(layer).mlp()))
        .boxed()
        .toList();
  }

  private IntStream experts(int layer) {
    return IntStream.range(0, ((MlpConfig.Experts) config.layers().get(layer).mlp()).experts());
  }

  private void norms(String attribute, IntFunction<Optional<TensorSpec>> norm) {
    List<TensorSpec> specs =
        IntStream.range(0, config.layers().size())
            .mapToObj(norm)
            .flatMap(Optional::stream)
            .toList();
    if (!specs.isEmpty()) {
      kinds.add(
          new Kind(
              attribute,
              "Tensor",
              "norm_weight",
              specs.size(),
              layout -> specs.forEach(layout::tensor)));
    }
  }

  private void matrices(String attribute, List<Projection> matrices, String loader) {
    if (!matrices.isEmpty()) {
      kinds.add(
          new Kind(
              attribute,
              "List[Tensor]",
              loader,
              matrices.size(),
              layout -> matrices.forEach(layout::matrix)));
    }
  }

  /** Where the weights lie, in the order in which {@code load} takes them. */
  WeightLayout layout(WeightSource source) {
    WeightLayout layout = new WeightLayout(source);
    layout.tensor(config.tensors().embedding());
    layout.tensor(config.tensors().finalNorm());
    if (!headIsEmbedding()) {
      layout.matrix(config.tensors().head());
    }
    kinds.forEach(kind -> kind.add.accept(layout));
    return layout;
  }

  /** Sets the attributes that the source text declares. */
  void attributes(TorchScriptArchive archive, WeightLayout layout) {
    archive.integers("layout", layout.numbers());
    archive.integer("cursor", 0);
    archive.tensor("embedding", TorchScriptArchive.Tensor.empty());
    archive.tensor("final_norm", TorchScriptArchive.Tensor.empty());
    archive.list("head");
    kinds.forEach(kind -> archive.list(kind.attribute));
  }

  /** What the weights take in memory, in bytes, but for the mapped table of embeddings. */
  long bytes(Arithmetic arithmetic) {
    long numbers = 0;
    for (TensorSpec tensor : config.tensors().all()) {
      numbers += tensor.shape().stream().reduce(1L, Math::multiplyExact);
    }
    long table = (long) config.vocabSize() * config.hiddenSize();
    if (embeddingMapped) {
      numbers -= table;
    }
    long packed = 0;
    for (Projection matrix : config.tensors().matrices()) {
      boolean embedding = matrix.equals(config.tensors().head()) && config.tiedEmbeddings();
      if (!embedding) {
        numbers -= matrix.rows() * matrix.columns();
      }
      if (!embedding || !headIsEmbedding()) {
        packed += kernel.bytes(matrix, arithmetic);
      }
    }
    return numbers * arithmetic.bytes() + packed;
  }

  /** The declarations of the attributes. */
  String declarations() {
    StringBuilder text =
        new StringBuilder(
            """
            layout : List[int]
            cursor : int
            embedding : Tensor
            final_norm : Tensor
            head : List[Tensor]
            """);
    for (Kind kind : kinds) {
      text.append("%s : List[%s]\n".formatted(kind.attribute, kind.element));
    }
    return text.toString();
  }

  /** The methods that load: {@code load(files)} is the one to call. */
  String methods() {
    StringBuilder load = new StringBuilder();
    for (Kind kind : kinds) {
      load.append(
          ScriptText.fill(
              """
                for i in range($COUNT):
                  _0 = torch.append(self.$ATTRIBUTE, (self).$LOADER(files))
              """,
              Map.of("COUNT", kind.count, "ATTRIBUTE", kind.attribute, "LOADER", kind.loader)));
    }
    return ScriptText.fill(
        WeightLayout.methods()
            + """
        def norm_weight(self: __torch__.Model,
          files: List[str]) -> Tensor:
          w = torch.to((self).take(files), $DEVICE, 6, False, True)
          return (self).norm_factor($FACTOR)
        def router_matrix(self: __torch__.Model,
          files: List[str]) -> Tensor:
          return torch.to((self).take(files), $DEVICE, 6, False, True)
        def gated_matrix(self: __torch__.Model,
          files: List[str]) -> List[Tensor]:
          stored = (self).take_all(files)
          return (self).pack_gated(stored, (self).take_bias(files))
        def load(self: __torch__.Model,
          files: List[str]) -> int:
          self.embedding = $EMBEDDING
          self.final_norm = (self).norm_weight(files)
          self.head = $HEAD
        $KINDS
          self.layout = annotate(List[int], [])
          return 0
        """,
        Map.of(
            "DEVICE",
            "$DEVICE",
            "TYPE",
            "$TYPE",
            "FACTOR",
            config.norms().onePlus() ? "torch.add(w, 1.)" : "w",
            "EMBEDDING",
            embeddingMapped
                ? "(self).take(files)"
                : "torch.to((self).take(files), $DEVICE, $TYPE, False, True)",
            "KINDS",
            load.toString().stripTrailing(),
            "HEAD",
            headIsEmbedding() ? "[self.embedding]" : "(self).matrix(files)"));
  }
}
