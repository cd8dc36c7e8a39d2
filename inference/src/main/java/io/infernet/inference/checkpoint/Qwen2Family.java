package io.infernet.inference.checkpoint;

import java.util.List;

/**
 * Qwen 1.5, 2 and 2.5: biases at queries, keys and values; a window, if switched on, in upper
 * layers.
 */
final class Qwen2Family implements ModelFamily {

  /** Counts only when it is switched on. */
  static int window(ConfigReader config) {
    return config.flag("use_sliding_window", false) ? DecoderReader.window(config) : 0;
  }

  @Override
  public List<String> architectures() {
    return List.of("Qwen2ForCausalLM");
  }

  @Override
  public ModelConfig read(ConfigReader config) {
    return new DecoderReader("qwen2", config)
        .attentionBiases(true, false)
        .windows(window(config), layer -> layer >= config.countOrZero("max_window_layers", 28))
        .read();
  }
}
