package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.Activation;
import io.infernet.inference.checkpoint.Projection;
import io.infernet.inference.quantization.QuantizedWeights;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Matrices of {@link io.infernet.inference.quantization.WeightFormat#INT8} and {@code INT4},
 * multiplied as whole numbers on the processor.
 *
 * <p>Implementation notes. Every row of the input is rounded to 8 bits with a scale of its own.
 * Then products and sums are whole numbers, so that it makes no difference whether a token is
 * computed alone or in a prompt. 8-bit weights go through {@code torch._int_mm}, which reads them
 * as they are stored at the speed of the memory. 4-bit weights of few tokens go through {@code
 * torch._weight_int4pack_mm_for_cpu}, whose sums of such numbers are exact in its float32; of many
 * tokens they are unpacked, some blocks at a time, into the 8-bit numbers that they stand for. The
 * former rounds its sums to bfloat16, so the latter's are rounded so too.
 *
 * <p>Processors without instructions for sums of 8-bit products make {@code torch._int_mm} wrong
 * (it saturates); there {@code torch._weight_int8pack_mm} takes its place.
 */
final class QuantizedLinear implements LinearKernel {

  /** More tokens than this are worth unpacking 4-bit weights for. */
  private static final int FEW = 24;

  /** Blocks of 64 rows that are unpacked at a time: the cache should hold them. */
  private static final int BLOCKS = 32;

  private final QuantizedWeights weights;
  private final Supplier<IntegerArithmetic> arithmetic;

  /**
   * @param weights of the model
   * @param arithmetic of this machine, asked when text is wanted
   */
  QuantizedLinear(QuantizedWeights weights, Supplier<IntegerArithmetic> arithmetic) {
    this.weights = weights;
    this.arithmetic = arithmetic;
  }

  @Override
  public String label() {
    return "integer-%s-%s".formatted(arithmetic.get().label(), QuantizedWeights.VERSION);
  }

  @Override
  public long bytes(Projection matrix, Arithmetic arithmetic) {
    return weights.matrix(matrix).bytesInMemory();
  }

  @Override
  public boolean keepsRows() {
    return false;
  }

  @Override
  public String methods(Activation activation) {
    IntegerArithmetic integers = arithmetic.get();
    return ScriptText.fill(
        INT8 + INT4 + LINEAR,
        Map.ofEntries(
            Map.entry("TYPE", "$TYPE"),
            Map.entry("DEVICE", "$DEVICE"),
            Map.entry("ACTIVATED", LinearKernel.apply(activation, "g")),
            Map.entry("FEW", integers.exact() && integers.block() > 0 ? FEW : Integer.MAX_VALUE),
            Map.entry("BLOCKS", BLOCKS),
            Map.entry("BLOCK", integers.block() > 0 ? integers.block() : 32),
            Map.entry("LAID_OUT", laidOut(integers.block())),
            Map.entry("PRODUCT8", integers.exact() ? EXACT : ROUNDED)));
  }

  private static final String EXACT = "y = torch._int_mm(torch.to(q, 1), w[0])";

  /** The kernel reads beyond the end where columns are no multiple of 32. */
  private static final String ROUNDED =
      """
      if torch.eq(torch.remainder(torch.size(q, 1), 32), 0):
          y = torch._weight_int8pack_mm(torch.to(q, 15), torch.t(w[0]), torch.ones([torch.size(w[0], 1)], dtype=15))
        else:
          y = torch.mm(q, torch.to(w[0], 6))"""
          .strip();

  /** From the blocks as they are stored to those of this machine's kernel. */
  private static String laidOut(int block) {
    return switch (block) {
      case 32 -> "packed = torch.clone(blocks)";
      case 16 ->
          """
          levels = torch.view(torch.cat([torch.bitwise_and(blocks, 15), torch.bitwise_right_shift(blocks, 4)], 2), [rows // 64, columns, 2, 2, 16])
            packed = torch.bitwise_or(torch.select(levels, 3, 0), torch.bitwise_left_shift(torch.select(levels, 3, 1), 4))
            packed = torch.contiguous(torch.permute(packed, [0, 2, 1, 3]))"""
              .replace("rows // 64", "torch.floordiv(rows, 64)");
      default ->
          """
          levels = torch.cat([torch.bitwise_and(blocks, 15), torch.bitwise_right_shift(blocks, 4)], 2)
            levels = torch.reshape(torch.permute(levels, [0, 2, 1]), [rows, columns])
            packed = torch._convert_weight_to_int4pack_for_cpu(torch.to(levels, 3), 1)""";
    };
  }

  /** The numbers of a matrix of 8 bits are {@code w[0]}, transposed. */
  private static final String INT8 =
      """
      def product8(self: __torch__.Model,
        q: Tensor,
        w: List[Tensor]) -> Tensor:
        $PRODUCT8
        return torch.to(y, $TYPE)
      """;

  /**
   * The numbers of a matrix of 4 bits are {@code w[0]}, in blocks; at the end of {@code w} are
   * pairs of step and zero for the kernel and, for unpacking, the steps and what is to be added.
   */
  private static final String INT4 =
      """
      def pack4(self: __torch__.Model,
        blocks: Tensor,
        groups: Tensor) -> List[Tensor]:
        rows = torch.mul(torch.size(blocks, 0), 64)
        columns = torch.size(blocks, 1)
        steps = torch.select(groups, 0, 0)
        zeros = torch.select(groups, 0, 1)
        pairs = torch.to(torch.stack([steps, zeros], 2), 15)
        shifts = torch.sub(zeros, torch.mul(steps, 8))
        count = torch.size(steps, 0)
        steps = torch.to(torch.contiguous(torch.permute(torch.view(steps, [count, -1, 2, $BLOCK]), [0, 2, 1, 3])), 0)
        shifts = torch.to(torch.contiguous(torch.permute(torch.view(shifts, [count, -1, 2, $BLOCK]), [0, 2, 1, 3])), 0)
        $LAID_OUT
        return [torch.view(packed, [rows, torch.floordiv(columns, 2)]), pairs, steps, shifts]
      def unpacked(self: __torch__.Model,
        blocks: Tensor,
        steps: Tensor,
        shifts: Tensor,
        first: int,
        count: int) -> Tensor:
        groups = torch.size(steps, 0)
        columns = torch.size(blocks, 1)
        width = torch.mul(count, $BLOCK)
        packed = torch.contiguous(torch.permute(torch.slice(blocks, 0, first, torch.add(first, count)), [1, 0, 2]))
        packed = torch.view(packed, [groups, -1, width])
        levels = torch.empty([2, groups, torch.size(packed, 1), width], dtype=0)
        lower = torch.select(levels, 0, 0)
        upper = torch.select(levels, 0, 1)
        _0 = torch.bitwise_and(packed, 15, out=lower)
        _1 = torch.bitwise_right_shift(packed, 4, out=upper)
        step = torch.reshape(torch.slice(steps, 2, first, torch.add(first, count)), [groups, 2, 1, width])
        shift = torch.reshape(torch.slice(shifts, 2, first, torch.add(first, count)), [groups, 2, 1, width])
        _2 = torch.addcmul(torch.select(shift, 1, 0), lower, torch.select(step, 1, 0), out=lower)
        _3 = torch.addcmul(torch.select(shift, 1, 1), upper, torch.select(step, 1, 1), out=upper)
        signed = torch.empty([0], dtype=1)
        _4 = torch.set_(signed, levels)
        return torch.view(signed, [2, columns, width])
      def product4(self: __torch__.Model,
        q: Tensor,
        w: List[Tensor]) -> Tensor:
        tokens = torch.size(q, 0)
        columns = torch.size(q, 1)
        if torch.le(tokens, $FEW):
          y = torch._weight_int4pack_mm_for_cpu(torch.to(q, 15), w[0], torch.floordiv(columns, torch.size(w[4], 0)), w[4])
        else:
          blocks = torch.view(w[0], [-1, columns, $BLOCK])
          all = torch.size(blocks, 0)
          y = torch.empty([tokens, torch.mul(all, 2), $BLOCK], dtype=15)
          halves = torch.view(y, [tokens, all, 2, $BLOCK])
          whole = torch.to(q, 1)
          for i in range(torch.floordiv(torch.add(all, $BLOCKS - 1), $BLOCKS)):
            first = torch.mul(i, $BLOCKS)
            count = ops.prim.min($BLOCKS, torch.sub(all, first))
            signed = (self).unpacked(blocks, w[5], w[6], first, count)
            part = torch.slice(halves, 1, first, torch.add(first, count))
            _0 = torch.copy_(torch.select(part, 2, 0), torch.view(torch._int_mm(whole, torch.select(signed, 0, 0)), [tokens, count, $BLOCK]))
            _1 = torch.copy_(torch.select(part, 2, 1), torch.view(torch._int_mm(whole, torch.select(signed, 0, 1)), [tokens, count, $BLOCK]))
          y = torch.view(y, [tokens, -1])
        rows = torch.size(w[1], 0)
        if torch.lt(rows, torch.size(y, 1)):
          y = torch.slice(y, 1, 0, rows)
        return y
      """
          .replace("$BLOCKS - 1", Integer.toString(BLOCKS - 1));

  /**
   * A matrix is its numbers, its scale, what is added to every product (its bias or zeros), a
   * number that rounds what is added to it, and what {@code pack4} adds.
   *
   * <p>One token is worth a way of its own, with half the operators, because each costs more than
   * its arithmetic. With numbers of bfloat16 it gives the same bits as the other, because a token's
   * inverse scale is such a number times 127, and the products of the two are exact in float32.
   */
  private static final String LINEAR =
      """
      def pack(self: __torch__.Model,
        stored: List[Tensor],
        bias: List[Tensor]) -> List[Tensor]:
        scale = torch.to(torch.clone(stored[1]), $TYPE)
        added = torch.zeros_like(scale)
        if torch.gt(torch.len(bias), 0):
          added = bias[0]
        w = [scale, added, torch.full([1], 12582912., dtype=6)]
        if torch.eq(ops.prim.dtype(stored[0]), 1):
          w = torch.add([torch.t(torch.clone(stored[0]))], w)
        else:
          packed = (self).pack4(stored[0], stored[2])
          w = torch.add(torch.add(torch.slice(packed, 0, 1), w), torch.slice(packed, 1))
        return w
      def product(self: __torch__.Model,
        q: Tensor,
        w: List[Tensor]) -> Tensor:
        if torch.eq(ops.prim.dtype(w[0]), 1):
          y = (self).product8(q, w)
        else:
          y = (self).product4(q, w)
        return y
      def linear_add(self: __torch__.Model,
        x: Tensor,
        w: List[Tensor],
        added: Tensor) -> Tensor:
        if torch.eq(torch.size(x, 0), 1):
          c = torch.mul(ops.prim.min(float(torch.reciprocal(torch.max(torch.abs(x)))), 1e30), 127.)
          q = torch.sub_(torch.add(w[3], x, alpha=c), w[3])
          y = torch.addcmul(added, (self).product(q, w), w[1], value=torch.div(1., c))
        else:
          c = torch.reciprocal(torch.amax(torch.abs(x), [1], True))
          c = torch.mul(torch.clamp_max_(torch.to(c, 6), 1e30), 127.)
          q = torch.round_(torch.mul(torch.to(x, 6), c))
          y = torch.mul(torch.to((self).product(q, w), 6), torch.reciprocal(c))
          y = torch.to(torch.addcmul(torch.to(added, 6), y, torch.to(w[1], 6)), $TYPE)
        return y
      def linear(self: __torch__.Model,
        x: Tensor,
        w: List[Tensor]) -> Tensor:
        return (self).linear_add(x, w, w[2])
      def pack_gated(self: __torch__.Model,
        stored: List[Tensor],
        bias: List[Tensor]) -> List[Tensor]:
        return (self).pack(stored, bias)
      def gated(self: __torch__.Model,
        x: Tensor,
        w: List[Tensor]) -> Tensor:
        g, u = torch.chunk((self).linear(x, w), 2, 1)
        return torch.mul($ACTIVATED, u)
      """;
}
