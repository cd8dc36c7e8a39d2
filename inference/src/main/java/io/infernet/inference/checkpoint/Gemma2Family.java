package io.infernet.inference.checkpoint;

import java.util.List;

/** Gemma 2: 1 + w norms around both branches, caps, a window in every other layer. */
final class Gemma2Family implements ModelFamily {

  /** What {@code Gemma2Config} takes when the file has no such field; a null means none. */
  private static final double SCORE_CAP = 50;

  private static final double LOGIT_CAP = 30;

  private static final String DEFAULTS =
      """
      {"head_dim": 256, "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 256,
       "sliding_window": 4096}
      """;

  @Override
  public List<String> architectures() {
    return List.of("Gemma2ForCausalLM");
  }

  @Override
  public ModelConfig read(ConfigReader file) {
    double scoreCap = file.number("attn_logit_softcapping", SCORE_CAP, 0);
    double logitCap = file.number("final_logit_softcapping", LOGIT_CAP, 0);
    ConfigReader config = file.withDefaults(DEFAULTS);
    return gemma("gemma2", config, scoreCap, logitCap)
        .windows(DecoderReader.window(config), layer -> layer % 2 == 0)
        .read();
  }

  /** What Gemma 2 and 3 have in common. */
  static DecoderReader gemma(String family, ConfigReader config, double scoreCap, double logitCap) {
    boolean bias = config.flag("attention_bias", false);
    DecoderReader reader = new DecoderReader(family, config);
    return reader
        .attentionBiases(bias, bias)
        .scores(config.positive("query_pre_attn_scalar"), scoreCap)
        .norms(true, true, false)
        .names(TensorNames.LLAMA.withNormsAfterBranches())
        .activation(config.activation("hidden_activation", "gelu_pytorch_tanh"))
        .embeddingScale(Math.sqrt(reader.hiddenSize()))
        .logitCap(logitCap)
        .tiedByDefault();
  }
}
