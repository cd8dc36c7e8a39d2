package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.Activation;
import io.infernet.inference.checkpoint.Projection;
import io.infernet.inference.quantization.QuantizedWeights;
import java.util.Map;

/**
 * The arithmetic of {@link QuantizedLinear} on CUDA; on other graphics cards, which have no such
 * operators, the matrices are unpacked into the graph's numbers when they are loaded.
 *
 * <p>Implementation notes. {@code torch._int_mm} wants more than 16 rows there, and rows and
 * columns in multiples of 8: a matrix of another shape is unpacked too. {@code
 * torch._weight_int4pack_mm} takes pairs of columns, the first in the upper half of a byte, and
 * sums in float32, which is exact for such numbers.
 */
final class GpuQuantizedLinear implements LinearKernel {

  private final QuantizedWeights weights;
  private final boolean cuda;

  /**
   * @param weights of the model
   * @param cuda whether the device is of that kind
   */
  GpuQuantizedLinear(QuantizedWeights weights, boolean cuda) {
    this.weights = weights;
    this.cuda = cuda;
  }

  @Override
  public String label() {
    return "integer-%s-%d".formatted(cuda ? "cuda" : "unpacked", QuantizedWeights.VERSION);
  }

  @Override
  public boolean keepsRows() {
    return false;
  }

  @Override
  public long bytes(Projection matrix, Arithmetic arithmetic) {
    return cuda
        ? weights.matrix(matrix).bytesInMemory()
        : LinearKernel.super.bytes(matrix, arithmetic);
  }

  @Override
  public String methods(Activation activation) {
    return ScriptText.fill(
        PACK + LINEAR,
        Map.of(
            "TYPE",
            "$TYPE",
            "DEVICE",
            "$DEVICE",
            "CUDA",
            cuda ? "True" : "False",
            "GATED",
            LinearKernel.gatedInOne(activation).stripTrailing()));
  }

  /** Unpacked: [W, bias]; 8 bits: [W, scale, bias]; 4 bits: [W, scale, pairs, bias]. */
  private static final String PACK =
      """
      def levels(self: __torch__.Model,
        blocks: Tensor) -> Tensor:
        halves = torch.cat([torch.bitwise_and(blocks, 15), torch.bitwise_right_shift(blocks, 4)], 2)
        return torch.reshape(torch.permute(halves, [0, 2, 1]), [torch.mul(torch.size(blocks, 0), 64), torch.size(blocks, 1)])
      def pack(self: __torch__.Model,
        stored: List[Tensor],
        bias: List[Tensor]) -> List[Tensor]:
        scale = torch.to(stored[1], $DEVICE, 6, False, True)
        rows = torch.size(scale, 0)
        if torch.eq(torch.len(stored), 2):
          whole = torch.to(stored[0], $DEVICE, 1, False, True)
          fits = torch.__and__(torch.eq(torch.remainder(rows, 8), 0), torch.eq(torch.remainder(torch.size(whole, 1), 8), 0))
          if torch.__and__($CUDA, fits):
            w = [torch.t(whole), scale]
          else:
            w = [torch.to(torch.mul(torch.to(whole, 6), torch.unsqueeze(scale, 1)), $TYPE)]
        else:
          levels = (self).levels(stored[0])
          columns = torch.size(levels, 1)
          groups = stored[2]
          steps = torch.select(groups, 0, 0)
          zeros = torch.select(groups, 0, 1)
          count = torch.size(steps, 0)
          if $CUDA:
            pairs = torch.to(torch.stack([steps, zeros], 2), $DEVICE, 15, False, True)
            upper = torch.slice(levels, 1, 0, 9223372036854775807, 2)
            lower = torch.slice(levels, 1, 1, 9223372036854775807, 2)
            bytes = torch.contiguous(torch.bitwise_or(torch.bitwise_left_shift(upper, 4), lower))
            tiles = 2
            if torch.eq(torch.remainder(columns, 128), 0):
              tiles = 8
            packed = torch._convert_weight_to_int4pack(torch.to(bytes, $DEVICE, 0, False, True), tiles)
            w = [packed, scale, pairs]
          else:
            grouped = torch.view(torch.sub(torch.to(levels, 6), 8.), [-1, count, torch.floordiv(columns, count)])
            whole = torch.add(torch.mul(grouped, torch.unsqueeze(torch.t(steps), 2)), torch.unsqueeze(torch.t(zeros), 2))
            whole = torch.slice(torch.reshape(whole, [-1, columns]), 0, 0, rows)
            w = [torch.to(torch.mul(torch.to(whole, $DEVICE, 6, False, True), torch.unsqueeze(scale, 1)), $TYPE)]
        return torch.add(w, bias)
      """;

  private static final String LINEAR =
      """
      def linear(self: __torch__.Model,
        x: Tensor,
        w: List[Tensor]) -> Tensor:
        kind = ops.prim.dtype(w[0])
        if torch.eq(kind, $TYPE):
          b = annotate(Optional[Tensor], None)
          if torch.gt(torch.len(w), 1):
            b = w[1]
          z = torch.linear(x, w[0], b)
        else:
          f = torch.to(x, 6)
          s = torch.clamp_min_(torch.div(torch.amax(torch.abs(f), [1], True), 127.), 1.0000000000000000e-30)
          q = torch.round_(torch.div(f, s))
          if torch.eq(kind, 1):
            bias = 2
            tokens = torch.size(q, 0)
            p = torch.to(torch.constant_pad_nd(q, [0, 0, 0, ops.prim.max(0, torch.sub(32, tokens))]), 1)
            y = torch.slice(torch._int_mm(p, w[0]), 0, 0, tokens)
          else:
            bias = 3
            groups = torch.size(w[2], 0)
            y = torch._weight_int4pack_mm(torch.to(q, 15), w[0], torch.floordiv(torch.size(q, 1), groups), w[2])
            y = torch.slice(y, 1, 0, torch.size(w[1], 0))
          y = torch.mul_(torch.mul(y, w[1]), s)
          if torch.gt(torch.len(w), bias):
            y = torch.add_(y, w[bias])
          z = torch.to(y, $TYPE)
        return z
      def linear_add(self: __torch__.Model,
        x: Tensor,
        w: List[Tensor],
        residual: Tensor) -> Tensor:
        return torch.add((self).linear(x, w), residual)
      $GATED
      """;
}
