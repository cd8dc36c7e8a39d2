package io.infernet.inference.checkpoint;

import java.util.List;

/** Mistral: a Llama whose layers may all have a window. */
final class MistralFamily implements ModelFamily {

  @Override
  public List<String> architectures() {
    return List.of("MistralForCausalLM");
  }

  @Override
  public ModelConfig read(ConfigReader config) {
    return new DecoderReader("mistral", config)
        .windows(DecoderReader.window(config), layer -> true)
        .read();
  }
}
