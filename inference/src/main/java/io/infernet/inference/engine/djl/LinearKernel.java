package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.Activation;
import io.infernet.inference.checkpoint.Projection;

/**
 * How matrices are laid out in memory and multiplied with: source text for the graph. In the graph
 * a matrix [N, K], its bias included, is a {@code List[Tensor]} that only the kernel understands.
 *
 * <p>{@link #methods} defines these, in TorchScript's serialized form; {@code self} is {@value
 * TorchScriptArchive#CLASS}:
 *
 * <ul>
 *   <li>{@code pack(self, stored: List[Tensor], bias: List[Tensor]) -> List[Tensor]}: lays a matrix
 *       out. {@code stored} is as {@link WeightSource#matrix} gives it (for a checkpoint the pieces
 *       whose rows follow one another) and mapped from a file: what is kept must be copied. {@code
 *       bias} is empty or holds one tensor [N] of the graph's type.
 *   <li>{@code pack_gated(self, stored: List[Tensor], bias: List[Tensor]) -> List[Tensor]}: the
 *       same for a matrix whose upper half is the gate of its lower half.
 *   <li>{@code linear(self, x: Tensor, w: List[Tensor]) -> Tensor}: [T, K] to [T, N], both of the
 *       graph's type. {@code x} is contiguous.
 *   <li>{@code linear_add(self, x: Tensor, w: List[Tensor], residual: Tensor) -> Tensor}: the same
 *       plus {@code residual} [T, N], which stays as it is.
 *   <li>{@code gated(self, x: Tensor, w: List[Tensor]) -> Tensor}: activation(gate(x)) · up(x), [T,
 *       K] to [T, N / 2], for a matrix of {@code pack_gated}.
 * </ul>
 *
 * <p>In the text {@code $TYPE} is the graph's type as a number and {@code $DEVICE} its device; the
 * methods may define more methods that no other text uses. Stateless.
 */
interface LinearKernel {

  /** Names it in the names of cached files: everything that changes what is in them. */
  String label();

  /** Whether a packed matrix without bias is one tensor [N, K] of the graph's type. */
  boolean keepsRows();

  /** What a packed matrix takes in memory, its bias not counted, in bytes. */
  default long bytes(Projection matrix, Arithmetic arithmetic) {
    return Math.multiplyExact(matrix.rows() * matrix.columns(), arithmetic.bytes());
  }

  /** The methods, each ending in a line feed, not indented. */
  String methods(Activation activation);

  /** {@code gated} for a matrix that is packed as one. */
  static String gatedInOne(Activation activation) {
    return """
    def pack_gated(self: __torch__.Model,
      stored: List[Tensor],
      bias: List[Tensor]) -> List[Tensor]:
      return (self).pack(stored, bias)
    def gated(self: __torch__.Model,
      x: Tensor,
      w: List[Tensor]) -> Tensor:
      g, u = torch.chunk((self).linear(x, w), 2, 1)
      return torch.mul(%s, u)
    """
        .formatted(apply(activation, "g"));
  }

  /** An activation as an expression. */
  static String apply(Activation activation, String x) {
    return switch (activation) {
      case SILU -> "torch.silu(%s)".formatted(x);
      case GELU -> "torch.gelu(%s, approximate=\"none\")".formatted(x);
      case GELU_TANH -> "torch.gelu(%s, approximate=\"tanh\")".formatted(x);
    };
  }
}
