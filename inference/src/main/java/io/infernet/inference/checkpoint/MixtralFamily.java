package io.infernet.inference.checkpoint;

import java.util.List;

/** Mixtral: Mistral with a mixture of experts in every layer. */
final class MixtralFamily implements ModelFamily {

  @Override
  public List<String> architectures() {
    return List.of("MixtralForCausalLM");
  }

  @Override
  public ModelConfig read(ConfigReader config) {
    DecoderReader reader = new DecoderReader("mixtral", config);
    return reader
        .windows(DecoderReader.window(config), layer -> true)
        .feedForward(layer -> reader.experts("intermediate_size", "num_local_experts", true))
        .names(
            TensorNames.LLAMA.withExperts(
                "block_sparse_moe.gate", "block_sparse_moe.experts.", "w1", "w3", "w2"))
        .defaultTheta(1e6)
        .read();
  }
}
