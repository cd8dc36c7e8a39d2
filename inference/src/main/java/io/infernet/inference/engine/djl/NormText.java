package io.infernet.inference.engine.djl;

import io.infernet.inference.engine.Device;
import java.util.Map;

/**
 * The part of a graph that is RMS norms over the last dimension: {@code norm(x, factor)}, with what
 * {@code norm_factor(w)} makes once of the weights, float32.
 *
 * <p>Implementation notes. On a processor {@code torch.rms_norm} is nine operations, and layer norm
 * is one. The layer norm of x followed by -x has the mean 0 and the mean square of x for its
 * variance, so that its first half is the RMS norm of x: three operations, with one rounding at the
 * end. Elsewhere layer norm takes no float32 factor for narrower numbers.
 */
final class NormText {

  private final double epsilon;
  private final Device device;

  NormText(double epsilon, Device device) {
    this.epsilon = epsilon;
    this.device = device;
  }

  String declarations() {
    return "signs : Tensor\n";
  }

  void attributes(TorchScriptArchive archive) {
    archive.tensor("signs", TorchScriptArchive.Tensor.of(new float[] {1, -1}));
  }

  /** {@code prepare_norms()} is to be called before all others. */
  String methods() {
    return ScriptText.fill(
        PREPARE + (device.isGpu() ? PLAIN : AS_LAYER_NORM), Map.of("EPSILON", epsilon));
  }

  private static final String PREPARE =
      """
      def prepare_norms(self: __torch__.Model) -> int:
        self.signs = torch.to(torch.unsqueeze(self.signs, 1), $DEVICE, $TYPE)
        return 0
      """;

  private static final String PLAIN =
      """
      def norm_factor(self: __torch__.Model,
        w: Tensor) -> Tensor:
        return torch.to(w, $TYPE)
      def norm(self: __torch__.Model,
        x: Tensor,
        factor: Tensor) -> Tensor:
        return torch.rms_norm(x, torch.size(factor), factor, $EPSILON)
      """;

  private static final String AS_LAYER_NORM =
      """
      def norm_factor(self: __torch__.Model,
        w: Tensor) -> Tensor:
        return torch.stack([w, w], 0)
      def norm(self: __torch__.Model,
        x: Tensor,
        factor: Tensor) -> Tensor:
        pair = torch.mul(torch.unsqueeze(x, -2), self.signs)
        return torch.select(torch.layer_norm(pair, torch.size(factor), factor, None, $EPSILON), -2, 0)
      """;
}
