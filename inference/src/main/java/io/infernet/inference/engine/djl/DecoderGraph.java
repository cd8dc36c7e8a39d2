package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.Activation;
import io.infernet.inference.checkpoint.AttentionConfig;
import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.LayerConfig;
import io.infernet.inference.checkpoint.MlpConfig;
import io.infernet.inference.checkpoint.ModelConfig;
import io.infernet.inference.checkpoint.TensorNames;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.inference.engine.djl.TorchScriptArchive.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Turns a decoder's checkpoint into a TorchScript module that makes one step a call. Its methods:
 *
 * <ul>
 *   <li>{@code prepare(slots, context)}: once, before all else: brings the weights into the form
 *       the arithmetic wants and allocates the key/value cache, {@code [2, layers, slots, kvHeads,
 *       context, headDim]};
 *   <li>{@code forward(ids, pos, slot, all)}: appends {@code ids} (T of them) at position {@code
 *       pos} of the sequence in {@code slot}, whose earlier positions must have been appended
 *       before; gives the logits after the last of them, {@code [1, vocab]} float32, or with {@code
 *       all} after each, {@code [T, vocab]}.
 * </ul>
 *
 * <p>Implementation notes. Projections that share their input are one matrix (q, k, v; gate, up),
 * laid one below the other in the file, so that nothing is computed to fuse them. A single token
 * attends with the query heads of one key/value head as rows of one query, which is what
 * grouped-query attention means and needs no copy of the cache; several tokens go through
 * libtorch's own grouped attention with a causal mask. Keys and values are one tensor because
 * libtorch's compiler takes two equal calls of {@code torch.empty} for one, and would give them one
 * memory.
 */
final class DecoderGraph {

  /** Changes whenever the generated text or the attributes do: converted models are kept by it. */
  static final int VERSION = 1;

  /** The numbers that a graph computes with. */
  enum Arithmetic {
    FLOAT32(6, 4),
    BFLOAT16(15, 2);

    /** The value of {@code torch.dtype} in libtorch's {@code c10/core/ScalarType.h}. */
    private final int scalarType;

    private final int bytes;

    Arithmetic(int scalarType, int bytes) {
      this.scalarType = scalarType;
      this.bytes = bytes;
    }
  }

  /** How matrices are multiplied. */
  enum LinearKernel {
    /** {@code torch.linear}: everywhere. */
    PLAIN,
    /** oneDNN with weights laid out for it once: where libtorch is built with oneDNN (x86-64). */
    ONEDNN;

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** One or more projections of a layer that share their input. */
  private record Matrix(String attribute, long columns, boolean bias, List<Part> parts) {
    long rows() {
      return parts.stream().mapToLong(Part::rows).sum();
    }
  }

  /** A projection as the checkpoint has it. */
  private record Part(String module, long rows) {}

  private final ModelConfig config;
  private final AttentionConfig attention;
  private final MlpConfig.Dense mlp;
  private final Arithmetic arithmetic;
  private final LinearKernel kernel;

  DecoderGraph(ModelConfig config, Arithmetic arithmetic, LinearKernel kernel) {
    AttentionConfig heads = config.attention();
    LayerConfig first = config.layers().get(0);
    if (config.layers().stream().anyMatch(layer -> !layer.equals(first))
        || first.window() != 0
        || !(first.mlp() instanceof MlpConfig.Dense)
        || config.norms().onePlus()
        || config.norms().afterBranch()
        || config.norms().onHeads()
        || config.activation() != Activation.SILU
        || config.embeddingScale() != 1
        || config.logitCap() != 0
        || heads.scoreCap() != 0
        || heads.scale() != 1 / Math.sqrt(heads.headDim())
        || config.ropes().get(0).dims() != heads.headDim()
        || config.ropes().get(0).magnitude() != 1
        || !config.names().equals(TensorNames.LLAMA)) {
      throw new UnsupportedModelException(
          "this version does not run models of the family " + config.family());
    }
    this.config = config;
    attention = heads;
    mlp = (MlpConfig.Dense) first.mlp();
    this.arithmetic = arithmetic;
    this.kernel = kernel;
  }

  private List<Matrix> matrices() {
    long hidden = config.hiddenSize();
    long inner = mlp.innerSize();
    long queries = (long) attention.heads() * attention.headDim();
    long keys = (long) attention.kvHeads() * attention.headDim();
    return List.of(
        new Matrix(
            "qkv",
            hidden,
            attention.qkvBias(),
            List.of(
                new Part("self_attn.q_proj", queries),
                new Part("self_attn.k_proj", keys),
                new Part("self_attn.v_proj", keys))),
        new Matrix(
            "out", queries, attention.outBias(), List.of(new Part("self_attn.o_proj", hidden))),
        new Matrix(
            "gateup",
            hidden,
            mlp.bias(),
            List.of(new Part("mlp.gate_proj", inner), new Part("mlp.up_proj", inner))),
        new Matrix("down", inner, mlp.bias(), List.of(new Part("mlp.down_proj", hidden))));
  }

  /** What the weights take in memory, in bytes. */
  long weightBytes() {
    long perLayer = matrices().stream().mapToLong(m -> m.rows() * m.columns()).sum();
    // Embedding and head are two even when tied: the head is laid out for multiplication.
    long numbers =
        2L * config.vocabSize() * config.hiddenSize() + config.layers().size() * perLayer;
    return numbers * arithmetic.bytes;
  }

  /** What a key/value cache takes once full, in bytes. */
  long cacheBytes(KvCache cache) {
    return 2L
        * config.layers().size()
        * cache.slots()
        * attention.kvHeads()
        * cache.context()
        * attention.headDim()
        * arithmetic.bytes;
  }

  int vocabSize() {
    return config.vocabSize();
  }

  /**
   * The module with the checkpoint's weights; the checkpoint must stay open until it is written.
   *
   * @throws DamagedModelException when a tensor is missing or of another shape than the
   *     configuration says
   */
  TorchScriptArchive archive(Checkpoint checkpoint) {
    long hidden = config.hiddenSize();
    List<Long> table = List.of((long) config.vocabSize(), hidden);
    TorchScriptArchive archive = new TorchScriptArchive(source());
    for (String name : List.of("cache", "cos", "sin")) {
      archive.tensor(name, Tensor.empty());
    }
    archive.tensor("frequencies", Tensor.of(config.ropes().get(0).frequencies()));
    archive.tensor("embedding", tensor(checkpoint, "model.embed_tokens.weight", table));
    archive.tensor("norm", tensor(checkpoint, "model.norm.weight", List.of(hidden)));
    archive.list(
        "head",
        config.tiedEmbeddings() ? List.of() : List.of(tensor(checkpoint, "lm_head.weight", table)));
    for (String norm : List.of("input_layernorm", "post_attention_layernorm")) {
      archive.list(
          norm, layers(l -> tensor(checkpoint, layer(l, norm) + ".weight", List.of(hidden))));
    }
    for (Matrix matrix : matrices()) {
      archive.list(
          matrix.attribute, layers(l -> stack(checkpoint, l, matrix, ".weight", matrix.columns)));
      archive.list(
          matrix.attribute + "_bias",
          matrix.bias ? layers(l -> stack(checkpoint, l, matrix, ".bias", 0)) : List.of());
    }
    return archive;
  }

  private List<Tensor> layers(IntFunction<Tensor> tensor) {
    return IntStream.range(0, config.layers().size()).mapToObj(tensor).toList();
  }

  private static String layer(int number, String module) {
    return "model.layers." + number + "." + module;
  }

  /** The parts of a matrix or, without columns, of its bias, one below the other. */
  private static Tensor stack(
      Checkpoint checkpoint, int layer, Matrix matrix, String suffix, long columns) {
    List<String> names = new ArrayList<>();
    for (Part part : matrix.parts) {
      String name = layer(layer, part.module) + suffix;
      checkShape(checkpoint, name, columns == 0 ? List.of(part.rows) : List.of(part.rows, columns));
      names.add(name);
    }
    return Tensor.of(checkpoint, names);
  }

  private static Tensor tensor(Checkpoint checkpoint, String name, List<Long> shape) {
    checkShape(checkpoint, name, shape);
    return Tensor.of(checkpoint, List.of(name));
  }

  private static void checkShape(Checkpoint checkpoint, String name, List<Long> shape) {
    List<Long> actual = checkpoint.tensor(name).shape();
    if (!actual.equals(shape)) {
      throw new DamagedModelException(
          "tensor %s has the shape %s where config.json says %s".formatted(name, actual, shape));
    }
  }

  /** The source text, in the form that libtorch writes and reads. */
  String source() {
    String linear =
        kernel == LinearKernel.ONEDNN
            ? "ops.mkldnn._linear_pointwise(x, w, b, 'none', annotate(List[Optional[number]], []), '')"
            : "torch.linear(x, w, b)";
    String pack =
        kernel == LinearKernel.ONEDNN ? "ops.mkldnn._reorder_linear_weight(c, None)" : "c";
    int half = attention.headDim() / 2;
    int rotated = attention.heads() + attention.kvHeads();
    return """
    class Model(Module):
      __parameters__ = []
      __buffers__ = []
      training : bool
      cache : Tensor
      cos : Tensor
      sin : Tensor
      frequencies : Tensor
      embedding : Tensor
      norm : Tensor
      head : List[Tensor]
      input_layernorm : List[Tensor]
      post_attention_layernorm : List[Tensor]
      qkv : List[Tensor]
      qkv_bias : List[Tensor]
      out : List[Tensor]
      out_bias : List[Tensor]
      gateup : List[Tensor]
      gateup_bias : List[Tensor]
      down : List[Tensor]
      down_bias : List[Tensor]
      def cast(self: __torch__.Model,
        ws: List[Tensor]) -> List[Tensor]:
        done = annotate(List[Tensor], [])
        for i in range(torch.len(ws)):
          _0 = torch.append(done, torch.to(ws[i], $TYPE))
        return done
      def pack(self: __torch__.Model,
        ws: List[Tensor]) -> List[Tensor]:
        done = annotate(List[Tensor], [])
        for i in range(torch.len(ws)):
          c = torch.to(torch.pop(ws, 0), $TYPE)
          _0 = torch.append(done, $PACK)
        return done
      def prepare(self: __torch__.Model,
        slots: int,
        context: int) -> int:
        self.embedding = torch.to(self.embedding, $TYPE)
        self.norm = torch.to(self.norm, $TYPE)
        self.input_layernorm = (self).cast(self.input_layernorm)
        self.post_attention_layernorm = (self).cast(self.post_attention_layernorm)
        self.qkv_bias = (self).cast(self.qkv_bias)
        self.out_bias = (self).cast(self.out_bias)
        self.gateup_bias = (self).cast(self.gateup_bias)
        self.down_bias = (self).cast(self.down_bias)
        if torch.eq(torch.len(self.head), 0):
          _0 = torch.append(self.head, self.embedding)
        self.head = (self).pack(self.head)
        self.qkv = (self).pack(self.qkv)
        self.out = (self).pack(self.out)
        self.gateup = (self).pack(self.gateup)
        self.down = (self).pack(self.down)
        turns = torch.outer(torch.arange(context, dtype=6), self.frequencies)
        cos = torch.cos(turns)
        sin = torch.sin(turns)
        self.cos = torch.to(torch.unsqueeze(torch.cat([cos, cos], 1), 1), $TYPE)
        self.sin = torch.to(torch.unsqueeze(torch.cat([torch.neg(sin), sin], 1), 1), $TYPE)
        self.cache = torch.empty([2, $LAYERS, slots, $KV, context, $DIM], dtype=$TYPE)
        return 0
      def linear(self: __torch__.Model,
        x: Tensor,
        ws: List[Tensor],
        bs: List[Tensor],
        l: int) -> Tensor:
        w = ws[l]
        b = annotate(Optional[Tensor], None)
        if torch.gt(torch.len(bs), 0):
          b = bs[l]
        return $LINEAR
      def forward(self: __torch__.Model,
        ids: List[int],
        pos: int,
        slot: int,
        all: bool) -> Tensor:
        T = torch.len(ids)
        end = torch.add(pos, T)
        x = torch.embedding(self.embedding, torch.tensor(ids, dtype=4))
        cos = torch.slice(self.cos, 0, pos, end)
        sin = torch.slice(self.sin, 0, pos, end)
        mask = annotate(Optional[Tensor], None)
        if torch.__and__(torch.gt(pos, 0), torch.gt(T, 1)):
          mask = torch.le(torch.arange(end), torch.unsqueeze(torch.arange(pos, end), 1))
        keys = torch.select(self.cache, 0, 0)
        values = torch.select(self.cache, 0, 1)
        for l in range($LAYERS):
          h = torch.rms_norm(x, [$HIDDEN], (self.input_layernorm)[l], $EPS)
          qkv = torch.view((self).linear(h, self.qkv, self.qkv_bias, l), [T, $ALLHEADS, $DIM])
          qk = torch.slice(qkv, 1, 0, $ROTATED)
          lo, hi = torch.split_with_sizes(qk, [$HALF, $HALF], 2)
          r = torch.addcmul(torch.mul(qk, cos), torch.cat([hi, lo], 2), sin)
          k = torch.select(torch.select(keys, 0, l), 0, slot)
          v = torch.select(torch.select(values, 0, l), 0, slot)
          _0 = torch.copy_(torch.slice(k, 1, pos, end), torch.transpose(torch.slice(r, 1, $HEADS, $ROTATED), 0, 1))
          _1 = torch.copy_(torch.slice(v, 1, pos, end), torch.transpose(torch.slice(qkv, 1, $ROTATED, $ALLHEADS), 0, 1))
          k = torch.unsqueeze(torch.slice(k, 1, 0, end), 0)
          v = torch.unsqueeze(torch.slice(v, 1, 0, end), 0)
          q = torch.slice(r, 1, 0, $HEADS)
          if torch.eq(T, 1):
            o = torch.scaled_dot_product_attention(torch.view(q, [1, $KV, $GROUP, $DIM]), k, v, None, 0., False, scale=None, enable_gqa=False)
          else:
            o = torch.transpose(torch.scaled_dot_product_attention(torch.unsqueeze(torch.transpose(q, 0, 1), 0), k, v, mask, 0., torch.eq(pos, 0), scale=None, enable_gqa=True), 1, 2)
          o = torch.reshape(o, [T, $QWIDTH])
          x = torch.add(x, (self).linear(o, self.out, self.out_bias, l))
          h = torch.rms_norm(x, [$HIDDEN], (self.post_attention_layernorm)[l], $EPS)
          g, u = torch.split_with_sizes((self).linear(h, self.gateup, self.gateup_bias, l), [$INTER, $INTER], 1)
          x = torch.add(x, (self).linear(torch.mul(torch.silu(g), u), self.down, self.down_bias, l))
        if torch.__not__(all):
          x = torch.slice(x, 0, -1)
        x = torch.rms_norm(x, [$HIDDEN], self.norm, $EPS)
        return torch.to((self).linear(x, self.head, annotate(List[Tensor], []), 0), 6)
    """
        .replace("$TYPE", Integer.toString(arithmetic.scalarType))
        .replace("$PACK", pack)
        .replace("$LINEAR", linear)
        .replace("$LAYERS", Integer.toString(config.layers().size()))
        .replace("$ALLHEADS", Integer.toString(attention.heads() + 2 * attention.kvHeads()))
        .replace("$HEADS", Integer.toString(attention.heads()))
        .replace("$ROTATED", Integer.toString(rotated))
        .replace("$KV", Integer.toString(attention.kvHeads()))
        .replace("$GROUP", Integer.toString(attention.heads() / attention.kvHeads()))
        .replace("$QWIDTH", Integer.toString(attention.heads() * attention.headDim()))
        .replace("$DIM", Integer.toString(attention.headDim()))
        .replace("$HALF", Integer.toString(half))
        .replace("$HIDDEN", Integer.toString(config.hiddenSize()))
        .replace("$INTER", Integer.toString(mlp.innerSize()))
        .replace("$EPS", Double.toString(config.norms().epsilon()));
  }
}
