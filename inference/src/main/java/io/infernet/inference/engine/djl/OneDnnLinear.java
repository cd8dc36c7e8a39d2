package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.Activation;

/**
 * oneDNN with weights laid out for it once: where libtorch is built with oneDNN (x86-64).
 *
 * <p>Implementation notes. oneDNN could add and activate while a product is still in registers.
 * That was tried: for one token it costs more to describe than to do (3 µs against 0.5 for the
 * residual, and a second product of 8 µs beside its memory's time for the gate), and prompts gain
 * little.
 */
final class OneDnnLinear implements LinearKernel {

  @Override
  public String label() {
    return "onednn";
  }

  @Override
  public boolean keepsRows() {
    return false;
  }

  @Override
  public String methods(Activation activation) {
    return """
    def pack(self: __torch__.Model,
      stored: List[Tensor],
      bias: List[Tensor]) -> List[Tensor]:
      c = stored[0]
      if torch.gt(torch.len(stored), 1):
        c = torch.cat(stored, 0)
      return torch.add([ops.mkldnn._reorder_linear_weight(torch.to(c, $DEVICE, $TYPE), None)], bias)
    def linear(self: __torch__.Model,
      x: Tensor,
      w: List[Tensor]) -> Tensor:
      b = annotate(Optional[Tensor], None)
      if torch.gt(torch.len(w), 1):
        b = w[1]
      return ops.mkldnn._linear_pointwise(x, w[0], b, "none", annotate(List[Optional[number]], []), "")
    def linear_add(self: __torch__.Model,
      x: Tensor,
      w: List[Tensor],
      residual: Tensor) -> Tensor:
      return torch.add((self).linear(x, w), residual)
    """
        + LinearKernel.gatedInOne(activation);
  }
}
