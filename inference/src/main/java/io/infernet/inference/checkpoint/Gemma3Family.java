package io.infernet.inference.checkpoint;

import java.util.List;

/**
 * The text part of Gemma 3: as Gemma 2, with normalised heads instead of the cap on scores, a
 * window in five of six layers, and for those a rotary embedding of their own. Checkpoints that
 * also see images keep the text part under a name of its own; it runs, their eyes do not.
 */
final class Gemma3Family implements ModelFamily {

  private static final String WITH_IMAGES = "Gemma3ForConditionalGeneration";

  /** From {@code Gemma3TextConfig}: published files leave out what is equal to it. */
  private static final String DEFAULTS =
      """
      {"vocab_size": 262208, "hidden_size": 2304, "intermediate_size": 9216,
       "num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4,
       "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh",
       "max_position_embeddings": 131072, "rms_norm_eps": 1e-6, "query_pre_attn_scalar": 256,
       "sliding_window": 4096, "sliding_window_pattern": 6, "rope_theta": 1000000,
       "rope_local_base_freq": 10000, "eos_token_id": 1}
      """;

  @Override
  public List<String> architectures() {
    return List.of("Gemma3ForCausalLM", WITH_IMAGES);
  }

  @Override
  public ModelConfig read(ConfigReader file) {
    boolean images = file.architecture().equals(WITH_IMAGES);
    file.refuse("quantization_config");
    ConfigReader config = (images ? file.section("text_config") : file).withDefaults(DEFAULTS);
    int pattern = config.count("sliding_window_pattern");
    DecoderReader reader =
        Gemma2Family.gemma(
                "gemma3",
                config,
                config.number("attn_logit_softcapping", 0),
                config.number("final_logit_softcapping", 0))
            .norms(true, true, true)
            .windows(DecoderReader.window(config), layer -> (layer + 1) % pattern != 0)
            .slidingRope(config.positive("rope_local_base_freq"));
    if (images) {
      reader.names(TensorNames.LLAMA.withNormsAfterBranches().within());
      if (file.has("eos_token_id")) {
        reader.stopIds(file.ids("eos_token_id"));
      }
    }
    return reader.read();
  }
}
