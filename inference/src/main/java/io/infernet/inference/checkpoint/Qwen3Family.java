package io.infernet.inference.checkpoint;

import java.util.List;

/** Qwen 3: query and key heads are normalised. */
final class Qwen3Family implements ModelFamily {

  @Override
  public List<String> architectures() {
    return List.of("Qwen3ForCausalLM");
  }

  @Override
  public ModelConfig read(ConfigReader config) {
    boolean bias = config.flag("attention_bias", false);
    return new DecoderReader("qwen3", config)
        .attentionBiases(bias, bias)
        .norms(false, false, true)
        .windows(
            Qwen2Family.window(config),
            layer -> layer >= config.countOrZero("max_window_layers", 28))
        .read();
  }
}
