package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.Activation;

/**
 * oneDNN with weights laid out for it once, and with what follows a product done while it is still
 * in registers: where libtorch is built with oneDNN (x86-64).
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
    def laid_out(self: __torch__.Model,
      w: Tensor) -> Tensor:
      return ops.mkldnn._reorder_linear_weight(torch.to(w, $DEVICE, $TYPE), None)
    def pack(self: __torch__.Model,
      stored: List[Tensor],
      bias: List[Tensor]) -> List[Tensor]:
      c = stored[0]
      if torch.gt(torch.len(stored), 1):
        c = torch.cat(stored, 0)
      return torch.add([(self).laid_out(c)], bias)
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
      b = annotate(Optional[Tensor], None)
      if torch.gt(torch.len(w), 1):
        b = w[1]
      return ops.mkldnn._linear_pointwise(x, residual, w[0], b, "add")
    def pack_gated(self: __torch__.Model,
      stored: List[Tensor],
      bias: List[Tensor]) -> List[Tensor]:
      halves = stored
      if torch.eq(torch.len(stored), 1):
        halves = torch.chunk(stored[0], 2, 0)
      done = [(self).laid_out(halves[0]), (self).laid_out(halves[1])]
      if torch.gt(torch.len(bias), 0):
        done = torch.add(done, torch.chunk(bias[0], 2, 0))
      return done
    def gated(self: __torch__.Model,
      x: Tensor,
      w: List[Tensor]) -> Tensor:
      gate_bias = annotate(Optional[Tensor], None)
      up_bias = annotate(Optional[Tensor], None)
      if torch.gt(torch.len(w), 2):
        gate_bias = w[2]
        up_bias = w[3]
      g = ops.mkldnn._linear_pointwise(x, w[0], gate_bias, %s)
      return ops.mkldnn._linear_pointwise(x, g, w[1], up_bias, "mul")
    """
        .formatted(
            switch (activation) {
              case SILU -> "\"swish\", annotate(List[Optional[number]], []), \"\"";
              case GELU -> "\"gelu\", annotate(List[Optional[number]], []), \"none\"";
              case GELU_TANH -> "\"gelu\", annotate(List[Optional[number]], []), \"tanh\"";
            });
  }
}
