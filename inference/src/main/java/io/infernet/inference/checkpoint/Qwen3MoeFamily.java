package io.infernet.inference.checkpoint;

import java.util.List;

/** Qwen 3 with mixtures of experts in all layers, in every so many, or in all but some. */
final class Qwen3MoeFamily implements ModelFamily {

  @Override
  public List<String> architectures() {
    return List.of("Qwen3MoeForCausalLM");
  }

  @Override
  public ModelConfig read(ConfigReader config) {
    config.refuse("use_sliding_window");
    boolean bias = config.flag("attention_bias", false);
    boolean normalised = config.flag("norm_topk_prob", false);
    int step = config.count("decoder_sparse_step", 1);
    List<Integer> dense = config.counts("mlp_only_layers");
    DecoderReader reader = new DecoderReader("qwen3_moe", config);
    return reader
        .attentionBiases(bias, bias)
        .norms(false, false, true)
        .feedForward(
            layer ->
                (layer + 1) % step == 0 && !dense.contains(layer)
                    ? reader.experts("moe_intermediate_size", "num_experts", normalised)
                    : reader.dense(false))
        .read();
  }
}
