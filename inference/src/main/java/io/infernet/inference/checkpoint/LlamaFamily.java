package io.infernet.inference.checkpoint;

/** Llama and what is built like it: RMS norms, rotary positions, gated SiLU, grouped queries. */
final class LlamaFamily implements ModelFamily {

  @Override
  public String architecture() {
    return "LlamaForCausalLM";
  }

  @Override
  public ModelConfig read(ConfigReader config) {
    config.refuse("quantization_config");
    config.expect("hidden_act", "silu");
    config.expect("partial_rotary_factor", 1.0);
    int hiddenSize = config.count("hidden_size");
    int heads = config.count("num_attention_heads");
    return new ModelConfig(
        "llama",
        config.count("vocab_size"),
        hiddenSize,
        config.count("intermediate_size"),
        config.count("num_hidden_layers"),
        heads,
        config.count("num_key_value_heads", heads),
        config.count("head_dim", Math.max(1, hiddenSize / heads)),
        config.count("max_position_embeddings"),
        config.number("rms_norm_eps", 1e-6),
        config.ropeTheta(),
        config.ropeScaling(),
        config.flag("tie_word_embeddings", false),
        config.flag("attention_bias", false),
        config.flag("mlp_bias", false),
        config.ids("eos_token_id"));
  }
}
