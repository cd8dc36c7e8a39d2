package io.infernet.inference.checkpoint;

import static java.util.Objects.requireNonNull;

/**
 * What may differ from layer to layer.
 *
 * @param window W: position i sees the W positions i - W &lt; j ≤ i; 0 when it sees all before it
 * @param rope which of {@link ModelConfig#ropes()} turns its queries and keys
 * @param mlp its feed-forward block
 */
public record LayerConfig(int window, int rope, MlpConfig mlp) {

  public LayerConfig {
    requireNonNull(mlp, "mlp is null");
  }
}
