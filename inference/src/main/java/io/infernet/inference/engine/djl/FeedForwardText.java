package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.LayerConfig;
import io.infernet.inference.checkpoint.MlpConfig;
import io.infernet.inference.checkpoint.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The part of a decoder's graph that is the feed-forward blocks: dense ones, mixtures of experts,
 * or some of each.
 *
 * <p>Implementation notes. A mixture sorts the step's tokens by expert and calls each expert that
 * anybody chose once, with all its tokens, so that of a single token's step only the chosen
 * experts' weights are read. The router computes in float32, because whom it chooses is not a
 * matter of rounding.
 */
final class FeedForwardText {

  private final ModelConfig config;

  FeedForwardText(ModelConfig config) {
    this.config = config;
  }

  private boolean hasDense() {
    return config.layers().stream().anyMatch(layer -> layer.mlp() instanceof MlpConfig.Dense);
  }

  private boolean hasExperts() {
    return config.layers().stream().anyMatch(layer -> layer.mlp() instanceof MlpConfig.Experts);
  }

  String declarations() {
    return "experts : List[int]\nblocks : List[int]\n";
  }

  /** For each layer how many experts it has (0: dense), and the number of its block of its kind. */
  void attributes(TorchScriptArchive archive) {
    List<Long> experts = new ArrayList<>();
    List<Long> blocks = new ArrayList<>();
    long dense = 0;
    long mixed = 0;
    for (LayerConfig layer : config.layers()) {
      if (layer.mlp() instanceof MlpConfig.Experts mixture) {
        experts.add((long) mixture.experts());
        blocks.add(mixed++);
      } else {
        experts.add(0L);
        blocks.add(dense++);
      }
    }
    archive.integers("experts", experts);
    archive.integers("blocks", blocks);
  }

  /** {@code feed_forward(h, l, residual)}: the block's output for h, added to the residual. */
  String methods() {
    String text = hasExperts() ? mixture() : "";
    String dense = added(GATED, "(self).linear(gated, (self.down)[block])");
    if (!config.norms().afterBranch()) {
      dense = GATED + "y = (self).linear_add(gated, (self.down)[block], residual)\n";
    }
    String mixed = added("", MIXED);
    String body;
    if (!hasExperts()) {
      body = dense;
    } else if (!hasDense()) {
      body = mixed;
    } else {
      body = "if torch.gt((self.experts)[l], 0):\n" + mixed.indent(2) + "else:\n" + dense.indent(2);
    }
    return text
        + """
        def feed_forward(self: __torch__.Model,
          h: Tensor,
          l: int,
          residual: Tensor) -> Tensor:
          block = (self.blocks)[l]
        """
        + body.indent(2)
        + "  return y\n";
  }

  private static final String GATED = "gated = (self).gated(h, (self.gate_up)[block])\n";

  private static final String MIXED =
      "(self).mixture(h, (self.router)[block], torch.mul(block, (self.experts)[l]))";

  private String added(String before, String branch) {
    String normed =
        config.norms().afterBranch()
            ? "(self).norm(%s, (self.after_mlp)[l])".formatted(branch)
            : branch;
    return "%sy = torch.add(residual, %s)\n".formatted(before, normed);
  }

  private String mixture() {
    MlpConfig.Experts experts =
        config.layers().stream()
            .map(LayerConfig::mlp)
            .filter(MlpConfig.Experts.class::isInstance)
            .map(MlpConfig.Experts.class::cast)
            .findFirst()
            .orElseThrow();
    return ScriptText.fill(
        """
        def mixture(self: __torch__.Model,
          h: Tensor,
          router: Tensor,
          first: int) -> Tensor:
          scores = torch.softmax(torch.linear(torch.to(h, 6), router, None), -1, 6)
          best, chosen = torch.topk(scores, $CHOSEN, -1, True, True)
          best = $SHARE
          expert, order = torch.sort(torch.flatten(chosen), 0, False)
          share = torch.to(torch.index_select(torch.flatten(best), 0, order), $TYPE)
          token = torch.floor_divide(order, $CHOSEN)
          called, _0, calls = torch.unique_consecutive(expert, False, True, None)
          called = torch.to(called, torch.device("cpu"), 4)
          calls = torch.to(calls, torch.device("cpu"), 4)
          y = torch.zeros_like(h)
          begin = 0
          for i in range(torch.size(called, 0)):
            matrix = torch.add(first, annotate(int, torch.item(torch.select(called, 0, i))))
            end = torch.add(begin, annotate(int, torch.item(torch.select(calls, 0, i))))
            tokens = torch.slice(token, 0, begin, end)
            x = (self).gated(torch.index_select(h, 0, tokens), (self.expert_gate_up)[matrix])
            x = torch.mul((self).linear(x, (self.expert_down)[matrix]), torch.unsqueeze(torch.slice(share, 0, begin, end), 1))
            _1 = torch.index_add_(y, 0, tokens, x)
            begin = end
          return y
        """,
        Map.of(
            "CHOSEN",
            experts.perToken(),
            "SHARE",
            experts.normalised() ? "torch.div(best, torch.sum(best, [-1], True))" : "best"));
  }
}
