package io.infernet.inference.checkpoint;

import java.util.List;

/** Llama 1 to 3, and the many models that use its architecture. */
final class LlamaFamily implements ModelFamily {

  @Override
  public List<String> architectures() {
    return List.of("LlamaForCausalLM", "LLaMAForCausalLM");
  }

  @Override
  public ModelConfig read(ConfigReader config) {
    boolean bias = config.flag("attention_bias", false);
    boolean mlpBias = config.flag("mlp_bias", false);
    DecoderReader reader = new DecoderReader("llama", config);
    return reader.attentionBiases(bias, bias).feedForward(layer -> reader.dense(mlpBias)).read();
  }
}
