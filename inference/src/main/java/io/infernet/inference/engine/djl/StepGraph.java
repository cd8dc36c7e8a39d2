package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.ModelConfig;
import io.infernet.inference.engine.Device;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A decoder as a TorchScript module that computes steps over several sequences. Its methods:
 *
 * <ul>
 *   <li>{@code prepare(files, places, context)}: once, before all else: reads the weights from the
 *       files and allocates the cache, in every layer {@code [places, 2 · kvHeads, headDim]};
 *   <li>{@code forward(ids, positions, places, chunks, rows, hidden)}: computes new tokens. For
 *       each its id, its position in its sequence and its place in the cache; for each chunk of
 *       tokens of one sequence how many, the sequence's first place, and the first token's
 *       position; {@code rows} are the tokens after which logits are wanted. Gives the logits
 *       [rows, vocab] and, with {@code hidden}, the final norm's output [tokens, hiddenSize], both
 *       float32 in the processor's memory;
 *   <li>{@code copy(from, to, count)}: copies places of the cache.
 * </ul>
 *
 * <p>The module holds no weights: it is small, and depends on the files only by where in them the
 * tensors lie. It loads in Python too ({@code torch.jit.load}).
 */
final class StepGraph {

  /** Changes whenever the generated text or the attributes do: archives are kept by it. */
  static final int VERSION = 9;

  private final ModelConfig config;
  private final Arithmetic arithmetic;
  private final LinearKernel kernel;
  private final Device device;
  private final DecoderWeights weights;
  private final AttentionText attention;
  private final FeedForwardText feedForward;
  private final NormText norm;

  StepGraph(ModelConfig config, Arithmetic arithmetic, LinearKernel kernel, Device device) {
    this.config = config;
    this.arithmetic = arithmetic;
    this.kernel = kernel;
    this.device = device;
    weights = new DecoderWeights(config, kernel, !device.isGpu());
    attention = new AttentionText(config, arithmetic);
    feedForward = new FeedForwardText(config);
    norm = new NormText(config.norms().epsilon(), device);
  }

  /**
   * A module and the files that it is to be prepared with.
   *
   * @param archive to be written
   * @param files in the order in which {@code prepare} takes them
   */
  record Archive(TorchScriptArchive archive, List<Path> files) {}

  /**
   * What a decoder of this graph is to know.
   *
   * @param context most tokens of a sequence
   * @param places tokens in the cache
   */
  StepDecoder.Sizes sizes(int context, int places) {
    return new StepDecoder.Sizes(
        config.vocabSize(),
        config.hiddenSize(),
        context,
        config.stretchAfter(),
        places,
        weights.bytes(arithmetic) + places * bytesPerToken());
  }

  Arithmetic arithmetic() {
    return arithmetic;
  }

  /** What a token's keys and values take in the cache, in bytes. */
  long bytesPerToken() {
    return 2L * config.layers().size() * config.attention().keyWidth() * arithmetic.bytes();
  }

  /** Distinguishes archives of one model. */
  String label() {
    return "%s-%s-%s-%s".formatted(device, arithmetic.label(), kernel.label(), VERSION);
  }

  /**
   * The module for weights that lie where {@code source} says.
   *
   * @throws DamagedModelException when a tensor is missing or of another shape than the
   *     configuration says
   */
  Archive archive(WeightSource source) {
    TorchScriptArchive archive = new TorchScriptArchive(source());
    WeightLayout layout = weights.layout(source);
    weights.attributes(archive, layout);
    attention.attributes(archive);
    feedForward.attributes(archive);
    norm.attributes(archive);
    return new Archive(archive, layout.files());
  }

  /** The source text, in the form that libtorch writes and reads. */
  String source() {
    String text =
        """
        class Model(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
        """
            + ScriptText.method(
                weights.declarations()
                    + attention.declarations()
                    + feedForward.declarations()
                    + norm.declarations()
                    + kernel.methods(config.activation())
                    + weights.methods()
                    + norm.methods()
                    + attention.methods()
                    + feedForward.methods()
                    + step());
    return ScriptText.fill(
        text,
        Map.of(
            "TYPE", arithmetic.scalarType(), "DEVICE", "torch.device(\"%s\")".formatted(device)));
  }

  private String step() {
    return ScriptText.fill(
        """
        def prepare(self: __torch__.Model,
          files: List[str],
          places: int,
          context: int) -> int:
          _0 = (self).prepare_norms()
          _1 = (self).load(files)
          _2 = (self).allocate(places, context)
          return 0
        def copy(self: __torch__.Model,
          from_place: int,
          to_place: int,
          count: int) -> int:
          for l in range($LAYERS):
            cache = (self.cache)[l]
            moved = torch.clone(torch.slice(cache, 0, from_place, torch.add(from_place, count)))
            _0 = torch.copy_(torch.slice(cache, 0, to_place, torch.add(to_place, count)), moved)
          return 0
        def forward(self: __torch__.Model,
          ids: List[int],
          positions: List[int],
          places: List[int],
          chunks: List[int],
          rows: List[int],
          hidden: bool) -> List[Tensor]:
          x = torch.embedding(self.embedding, torch.tensor(ids, dtype=4, device=$DEVICE))
          x = $EMBEDDED
          position = torch.tensor(positions, dtype=4, device=$DEVICE)
          place = torch.tensor(places, dtype=4, device=$DEVICE)
          cos = annotate(List[Tensor], [])
          sin = annotate(List[Tensor], [])
          for k in range(torch.len(self.ropes)):
            _0 = torch.append(cos, torch.index_select((self.cos)[(self.ropes)[k]], 0, position))
            _1 = torch.append(sin, torch.index_select((self.sin)[(self.ropes)[k]], 0, position))
          masks = (self).all_masks(chunks)
          for l in range($LAYERS):
            h = (self).norm(x, (self.before_attention)[l])
            a = (self).attention((self).linear(h, (self.qkv)[l]), l, place, cos, sin, chunks, masks)
            $ATTENTION_OUT
            h = (self).norm(x, (self.before_mlp)[l])
            x = (self).feed_forward(h, l, x)
          if hidden:
            x = (self).norm(x, self.final_norm)
            all = torch.to(x, torch.device("cpu"), 6)
          else:
            all = torch.zeros([0], dtype=6)
          if torch.lt(torch.len(rows), torch.len(ids)):
            x = torch.index_select(x, 0, torch.tensor(rows, dtype=4, device=$DEVICE))
          if torch.__not__(hidden):
            x = (self).norm(x, self.final_norm)
          if torch.gt(torch.len(rows), 0):
            logits = torch.to((self).linear(x, self.head), 6)
            logits = $LOGITS
          else:
            logits = torch.zeros([0], dtype=6)
          return [torch.to(logits, torch.device("cpu"), 6), all]
        """,
        Map.of(
            "LAYERS",
            config.layers().size(),
            "EMBEDDED",
            config.embeddingScale() == 1
                ? "torch.to(x, $TYPE)"
                : "torch.mul(torch.to(x, $TYPE), %s)".formatted(config.embeddingScale()),
            "ATTENTION_OUT",
            config.norms().afterBranch()
                ? "x = torch.add(x, (self).norm((self).linear(a, (self.out)[l]), (self.after_attention)[l]))"
                : "x = (self).linear_add(a, (self.out)[l], x)",
            "LOGITS",
            config.logitCap() == 0
                ? "logits"
                : "torch.mul(torch.tanh(torch.div(logits, %1$s)), %1$s)"
                    .formatted(config.logitCap())));
  }
}
