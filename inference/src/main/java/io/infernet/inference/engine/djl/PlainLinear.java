package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.Activation;

/** {@code torch.linear} on weights as they are: on every device. */
final class PlainLinear implements LinearKernel {

  @Override
  public String label() {
    return "plain";
  }

  @Override
  public boolean keepsRows() {
    return true;
  }

  @Override
  public String methods(Activation activation) {
    return """
    def pack(self: __torch__.Model,
      stored: List[Tensor],
      bias: List[Tensor]) -> List[Tensor]:
      return torch.add([torch.to(torch.cat(stored, 0), $DEVICE, $TYPE)], bias)
    def linear(self: __torch__.Model,
      x: Tensor,
      w: List[Tensor]) -> Tensor:
      b = annotate(Optional[Tensor], None)
      if torch.gt(torch.len(w), 1):
        b = w[1]
      return torch.linear(x, w[0], b)
    def linear_add(self: __torch__.Model,
      x: Tensor,
      w: List[Tensor],
      residual: Tensor) -> Tensor:
      return torch.add((self).linear(x, w), residual)
    """
        + LinearKernel.gatedInOne(activation);
  }
}
