package io.infernet.inference.checkpoint;

import java.util.Collections;
import java.util.List;

/** Llama and what is built like it: RMS norms, rotary positions, gated SiLU, grouped queries. */
final class LlamaFamily implements ModelFamily {

  @Override
  public List<String> architectures() {
    return List.of("LlamaForCausalLM");
  }

  @Override
  public ModelConfig read(ConfigReader config) {
    config.refuse("quantization_config");
    config.expect("hidden_act", "silu");
    config.expect("partial_rotary_factor", 1.0);
    int hiddenSize = config.count("hidden_size");
    int heads = config.count("num_attention_heads");
    int headDim = config.count("head_dim", Math.max(1, hiddenSize / heads));
    boolean bias = config.flag("attention_bias", false);
    LayerConfig layer =
        new LayerConfig(
            0,
            0,
            new MlpConfig.Dense(config.count("intermediate_size"), config.flag("mlp_bias", false)));
    return new ModelConfig(
        "llama",
        config.count("vocab_size"),
        hiddenSize,
        config.count("max_position_embeddings"),
        Collections.nCopies(config.count("num_hidden_layers"), layer),
        new AttentionConfig(
            heads,
            config.count("num_key_value_heads", heads),
            headDim,
            1 / Math.sqrt(headDim),
            0,
            bias,
            bias),
        List.of(new RopeConfig(headDim, config.ropeTheta(), config.ropeScaling())),
        NormConfig.plain(config.number("rms_norm_eps", 1e-6)),
        Activation.SILU,
        1,
        0,
        config.flag("tie_word_embeddings", false),
        TensorNames.LLAMA,
        config.ids("eos_token_id"));
  }
}
