package io.infernet.inference.checkpoint;

import java.util.List;

/** Phi 3 and 4: fused projections; part of a head may be turned, with longrope. */
final class Phi3Family implements ModelFamily {

  @Override
  public List<String> architectures() {
    return List.of("Phi3ForCausalLM");
  }

  @Override
  public ModelConfig read(ConfigReader config) {
    config.refuse("attention_bias");
    return new DecoderReader("phi3", config)
        .turnsPart()
        .windows(DecoderReader.window(config), layer -> true)
        .names(TensorNames.LLAMA.withFused("self_attn.qkv_proj", "mlp.gate_up_proj"))
        .read();
  }
}
