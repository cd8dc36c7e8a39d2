package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.AttentionConfig;
import io.infernet.inference.checkpoint.LayerConfig;
import io.infernet.inference.checkpoint.ModelConfig;
import io.infernet.inference.checkpoint.RopeConfig;
import java.util.List;
import java.util.Map;

/**
 * The part of a decoder's graph between the projection to queries, keys and values and the one
 * back. Layers with the same window and rotation are of one <em>kind</em>; what depends on the kind
 * and not on the layer (turns, masks) is computed once a step.
 *
 * <p>Implementation notes. A layer's cache is {@code [places, 2 · kvHeads, headDim]}, keys before
 * values, so that one write stores both. A single token attends with the query heads of one
 * key/value head as rows of one query, which is what grouped-query attention means and needs no
 * copy of the cache; several tokens see each key/value head repeated without a copy, by a stride of
 * 0.
 */
final class AttentionText {

  /** Layers whose attention differs in nothing but weights. */
  private record Kind(int window, int rope) {}

  private final ModelConfig config;
  private final AttentionConfig attention;
  private final Arithmetic arithmetic;
  private final List<Kind> kinds;

  AttentionText(ModelConfig config, Arithmetic arithmetic) {
    this.config = config;
    attention = config.attention();
    this.arithmetic = arithmetic;
    kinds = config.layers().stream().map(AttentionText::kind).distinct().toList();
  }

  private static Kind kind(LayerConfig layer) {
    return new Kind(layer.window(), layer.rope());
  }

  String declarations() {
    return """
    frequencies : List[Tensor]
    stretched_frequencies : List[Tensor]
    cos : List[Tensor]
    sin : List[Tensor]
    cache : List[Tensor]
    kinds : List[int]
    windows : List[int]
    ropes : List[int]
    """;
  }

  void attributes(TorchScriptArchive archive) {
    archive.list(
        "frequencies",
        config.ropes().stream()
            .map(RopeConfig::frequencies)
            .map(TorchScriptArchive.Tensor::of)
            .toList());
    archive.list(
        "stretched_frequencies",
        stretches()
            ? config.ropes().stream()
                .map(RopeConfig::stretchedFrequencies)
                .map(TorchScriptArchive.Tensor::of)
                .toList()
            : List.of());
    archive.list("cos");
    archive.list("sin");
    archive.list("cache");
    archive.integers(
        "kinds", config.layers().stream().map(layer -> (long) kinds.indexOf(kind(layer))).toList());
    archive.integers("windows", kinds.stream().map(kind -> (long) kind.window).toList());
    archive.integers("ropes", kinds.stream().map(kind -> (long) kind.rope).toList());
  }

  private boolean stretches() {
    return config.stretchAfter() < config.contextLength();
  }

  private Map<String, Object> blanks() {
    return Map.ofEntries(
        Map.entry("LAYERS", config.layers().size()),
        Map.entry("HEADS", attention.heads()),
        Map.entry("KV", attention.kvHeads()),
        Map.entry("KV2", 2 * attention.kvHeads()),
        Map.entry("ROTATED", attention.heads() + attention.kvHeads()),
        Map.entry("ALL", attention.heads() + 2 * attention.kvHeads()),
        Map.entry("GROUP", attention.group()),
        Map.entry("DIM", attention.headDim()),
        Map.entry("QWIDTH", attention.queryWidth()),
        Map.entry("SCALE", attention.scale()),
        Map.entry("CAP", attention.scoreCap()),
        Map.entry("HIDDEN_SCORE", arithmetic == Arithmetic.FLOAT16 ? "-60000." : "-1e30"));
  }

  private String headNorm() {
    return config.norms().onHeads()
        ? """
          q, k, v = torch.split_with_sizes(qkv, [$HEADS, $KV, $KV], 1)
          qkv = torch.cat([(self).norm(q, (self.query_norm)[l]), (self).norm(k, (self.key_norm)[l]), v], 1)
        """
        : "";
  }

  /**
   * Methods: {@code allocate(places, context)}; {@code turns(table, positions)} and {@code
   * all_masks(chunks)} once a step; {@code attention(qkv, l, …)} in each layer.
   */
  String methods() {
    return ScriptText.fill(
        tables()
            + STEP
            + (attention.scoreCap() == 0 ? SCORES : CAPPED_SCORES)
            + ATTENTION.replace("$HEAD_NORM", headNorm()),
        blanks());
  }

  /** The tables of cosines and sines, [context, 1, headDim], one for each rotation. */
  private String tables() {
    StringBuilder text =
        new StringBuilder(
            """
            def allocate(self: __torch__.Model,
              places: int,
              context: int) -> int:
              for l in range($LAYERS):
                _0 = torch.append(self.cache, torch.empty([places, $KV2, $DIM], dtype=$TYPE, device=$DEVICE))
            """);
    for (int i = 0; i < config.ropes().size(); i++) {
      RopeConfig rope = config.ropes().get(i);
      text.append(
          """
            turns = %4$s
            cos = torch.mul(torch.cos(turns), %2$s)
            sin = torch.mul(torch.sin(turns), %2$s)
            stay = torch.zeros([torch.size(turns, 0), %3$s], dtype=6)
            cos = torch.cat([cos, cos, torch.add(stay, 1.)], 1)
            sin = torch.cat([torch.neg(sin), sin, stay], 1)
            _1 = torch.append(self.cos, torch.to(torch.unsqueeze(cos, 1), $DEVICE, $TYPE))
            _2 = torch.append(self.sin, torch.to(torch.unsqueeze(sin, 1), $DEVICE, $TYPE))
          """
              .formatted(i, rope.magnitude(), attention.headDim() - rope.dims(), turns(i)));
    }
    return text.append("  return 0\n").toString() + swapped();
  }

  /** The angles of all positions; behind them, where there are such, those of long sequences. */
  private String turns(int rope) {
    // On the processor, whichever device the module was loaded to.
    String angles =
        "torch.outer(torch.arange(%s, dtype=6), torch.to((self.%s)[%s], torch.device(\"cpu\"), 6))";
    return stretches()
        ? "torch.cat([%s, %s], 0)"
            .formatted(
                angles.formatted(config.stretchAfter(), "frequencies", rope),
                angles.formatted("context", "stretched_frequencies", rope))
        : angles.formatted("context", "frequencies", rope);
  }

  /** The other element of each pair, whose rotations may be over a part of the head. */
  private String swapped() {
    StringBuilder text =
        new StringBuilder(
            """
            def swapped(self: __torch__.Model,
              x: Tensor,
              rope: int) -> Tensor:
            """);
    for (int i = 0; i < config.ropes().size(); i++) {
      int dims = config.ropes().get(i).dims();
      int stay = attention.headDim() - dims;
      String parts =
          stay == 0
              ? """
              lo, hi = torch.split_with_sizes(x, [%1$s, %1$s], 2)
              y = torch.cat([hi, lo], 2)
              """
                  .formatted(dims / 2)
              : """
              lo, hi, stay = torch.split_with_sizes(x, [%1$s, %1$s, %2$s], 2)
              y = torch.cat([hi, lo, stay], 2)
              """
                  .formatted(dims / 2, stay);
      boolean last = i == config.ropes().size() - 1;
      if (i == 0 && last) {
        text.append(parts.indent(2));
      } else if (i == 0) {
        text.append("  y = x\n  if torch.eq(rope, 0):\n").append(parts.indent(4));
      } else {
        text.append("  if torch.eq(rope, %s):\n".formatted(i)).append(parts.indent(4));
      }
    }
    return text.append("  return y\n").toString();
  }

  /** What is computed once a step. */
  private static final String STEP =
      """
      def first_key(self: __torch__.Model,
        position: int,
        window: int) -> int:
        first = 0
        if torch.gt(window, 0):
          first = ops.prim.max(0, torch.add(torch.sub(position, window), 1))
        return first
      def mask(self: __torch__.Model,
        position: int,
        count: int,
        window: int) -> Tensor:
        end = torch.add(position, count)
        queries = torch.unsqueeze(torch.arange(position, end, dtype=4, device=$DEVICE), 1)
        keys = torch.arange((self).first_key(position, window), end, dtype=4, device=$DEVICE)
        seen = torch.le(keys, queries)
        if torch.gt(window, 0):
          seen = torch.logical_and(seen, torch.gt(keys, torch.sub(queries, window)))
        hidden = torch.full(torch.size(seen), $HIDDEN_SCORE, dtype=$TYPE, device=$DEVICE)
        return torch.masked_fill(hidden, seen, 0.)
      def all_masks(self: __torch__.Model,
        chunks: List[int]) -> List[Tensor]:
        masks = annotate(List[Tensor], [])
        for k in range(torch.len(self.windows)):
          window = (self.windows)[k]
          for c in range(torch.floordiv(torch.len(chunks), 3)):
            count = chunks[torch.mul(c, 3)]
            position = chunks[torch.add(torch.mul(c, 3), 2)]
            if torch.__or__(torch.eq(count, 1), (self).causal(position, count, window)):
              _0 = torch.append(masks, self.final_norm)
            else:
              _1 = torch.append(masks, (self).mask(position, count, window))
        return masks
      """;

  /** Attention by libtorch, which knows itself what a text from its first token on may see. */
  private static final String SCORES =
      """
      def causal(self: __torch__.Model,
        position: int,
        count: int,
        window: int) -> bool:
        return torch.__and__(torch.eq(position, 0), torch.__or__(torch.eq(window, 0), torch.le(count, window)))
      def scores(self: __torch__.Model,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        mask: Optional[Tensor],
        causal: bool) -> Tensor:
        return torch.scaled_dot_product_attention(q, k, v, mask, 0., causal, scale=$SCALE, enable_gqa=False)
      """;

  /** The same, with scores bent by tanh. */
  private static final String CAPPED_SCORES =
      """
      def causal(self: __torch__.Model,
        position: int,
        count: int,
        window: int) -> bool:
        return False
      def scores(self: __torch__.Model,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        mask: Optional[Tensor],
        causal: bool) -> Tensor:
        s = torch.to(torch.matmul(torch.mul(q, $SCALE), torch.transpose(k, 2, 3)), 6)
        s = torch.mul(torch.tanh(torch.div(s, $CAP)), $CAP)
        if torch.__isnot__(mask, None):
          s = torch.add(s, unchecked_cast(Tensor, mask))
        return torch.matmul(torch.to(torch.softmax(s, -1, 6), $TYPE), v)
      """;

  /** One layer: turns, the cache, then chunk by chunk. */
  private static final String ATTENTION =
      """
      def attention(self: __torch__.Model,
        projected: Tensor,
        l: int,
        place: Tensor,
        cos: List[Tensor],
        sin: List[Tensor],
        chunks: List[int],
        masks: List[Tensor]) -> Tensor:
        kind = (self.kinds)[l]
        window = (self.windows)[kind]
        cache = (self.cache)[l]
        tokens = torch.size(projected, 0)
        qkv = torch.view(projected, [tokens, $ALL, $DIM])
      $HEAD_NORM\
        qk = torch.slice(qkv, 1, 0, $ROTATED)
        other = (self).swapped(qk, (self.ropes)[kind])
        _0 = torch.addcmul_(torch.mul_(qk, cos[kind]), other, sin[kind])
        _1 = torch.index_copy_(cache, 0, place, torch.slice(qkv, 1, $HEADS))
        outs = annotate(List[Tensor], [])
        chunk_count = torch.floordiv(torch.len(chunks), 3)
        row = 0
        for c in range(chunk_count):
          count = chunks[torch.mul(c, 3)]
          start = chunks[torch.add(torch.mul(c, 3), 1)]
          position = chunks[torch.add(torch.mul(c, 3), 2)]
          end = torch.add(torch.add(start, position), count)
          seen = torch.transpose(torch.slice(cache, 0, torch.add(start, (self).first_key(position, window)), end), 0, 1)
          k = torch.slice(seen, 0, 0, $KV)
          v = torch.slice(seen, 0, $KV)
          if torch.eq(count, 1):
            q = torch.view(torch.slice(torch.select(qkv, 0, row), 0, 0, $HEADS), [1, $KV, $GROUP, $DIM])
            o = torch.view((self).scores(q, torch.unsqueeze(k, 0), torch.unsqueeze(v, 0), None, False), [1, $QWIDTH])
          else:
            q = torch.slice(torch.slice(qkv, 0, row, torch.add(row, count)), 1, 0, $HEADS)
            q = torch.permute(torch.view(q, [count, $KV, $GROUP, $DIM]), [1, 2, 0, 3])
            k = torch.expand(torch.unsqueeze(k, 1), [-1, $GROUP, -1, -1])
            v = torch.expand(torch.unsqueeze(v, 1), [-1, $GROUP, -1, -1])
            causal = (self).causal(position, count, window)
            mask = annotate(Optional[Tensor], None)
            if torch.__not__(causal):
              mask = masks[torch.add(torch.mul(kind, chunk_count), c)]
            o = torch.reshape(torch.permute((self).scores(q, k, v, mask, causal), [2, 0, 1, 3]), [count, $QWIDTH])
          _2 = torch.append(outs, o)
          row = torch.add(row, count)
        if torch.eq(chunk_count, 1):
          all = outs[0]
        else:
          all = torch.cat(outs, 0)
        return all
      """;
}
