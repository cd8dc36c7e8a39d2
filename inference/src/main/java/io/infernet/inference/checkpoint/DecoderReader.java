package io.infernet.inference.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the configurations of all decoders have in common, the way Llama spells it. A family
 * says what is different and then calls {@link #read}. Used once, by one thread.
 */
final class DecoderReader {

  private static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";

  private static final int MAX_LAYERS = 1_024;
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_INNER = 1 << 22;
  private static final int MAX_HEADS = 1_024;
  private static final int MAX_HEAD_DIM = 4_096;

  /** Of all layers together: more than twice what the largest published mixture has. */
  private static final int MAX_EXPERTS = 1 << 16;

  /** Options of other families that change the arithmetic: here nobody computes them. */
  private static final List<String> FOREIGN =
      List.of(
          "alibi",
          "attention_multiplier",
          "attn_temperature_tuning",
          "clip_qkv",
          "embedding_multiplier",
          "kv_lora_rank",
          "lm_head_bias",
          "logit_scale",
          "logits_scaling",
          "n_shared_experts",
          "num_shared_experts",
          "qk_layernorm",
          "quantization_config",
          "residual_multiplier",
          "rope_interleaved",
          "shared_expert_intermediate_size",
          "use_bidirectional_attention",
          "use_mrope",
          "use_qk_norm");

  private final ConfigReader config;
  private final String family;
  private final int hiddenSize;
  private final int layers;
  private final int heads;
  private final int kvHeads;
  private final int headDim;
  private int window;
  private IntPredicate slides = layer -> false;
  private IntFunction<MlpConfig> mlp;
  private double scale;
  private double scoreCap;
  private boolean qkvBias;
  private boolean outBias;
  private NormConfig norms;
  private Activation activation;
  private double embeddingScale = 1;
  private double logitCap;
  private boolean tied;
  private boolean turnsPart;
  private double theta = RopeReader.DEFAULT_THETA;
  private @Nullable RopeConfig slidingRope;
  private TensorNames names = TensorNames.LLAMA;
  private List<Integer> stopIds;

  /**
   * Reads what all have: sizes, dense feed-forward blocks, plain norms.
   *
   * @param family its short name
   */
  DecoderReader(String family, ConfigReader config) {
    this.family = family;
    this.config = config;
    FOREIGN.forEach(config::refuse);
    hiddenSize = config.count("hidden_size", 1, MAX_WIDTH);
    layers = config.count("num_hidden_layers", 1, MAX_LAYERS);
    heads = config.count("num_attention_heads", 1, MAX_HEADS);
    kvHeads =
        config.has("num_key_value_heads")
            ? config.count("num_key_value_heads", 1, MAX_HEADS)
            : heads;
    headDim =
        config.has("head_dim")
            ? config.count("head_dim", 1, MAX_HEAD_DIM)
            : Math.max(1, hiddenSize / heads);
    scale = 1 / Math.sqrt(headDim);
    norms = NormConfig.plain(config.number("rms_norm_eps", 1e-6));
    activation = config.activation("hidden_act", "silu");
    tied = config.flag("tie_word_embeddings", false);
    stopIds = config.ids("eos_token_id");
    mlp = layer -> dense(false);
  }

  /** Whether there are biases: at queries, keys and values, and at the way back. */
  DecoderReader attentionBiases(boolean atQkv, boolean atOut) {
    qkvBias = atQkv;
    outBias = atOut;
    return this;
  }

  /** Scores are divided by the root of this, and capped. */
  DecoderReader scores(double divisorSquared, double cap) {
    scale = 1 / Math.sqrt(divisorSquared);
    scoreCap = cap;
    return this;
  }

  /**
   * Layers that see a window only; a list of {@code layer_types} in the file goes before.
   *
   * @param size in positions; 0 for none
   * @param layers which have it
   */
  DecoderReader windows(int size, IntPredicate layers) {
    window = size;
    slides = layers;
    return this;
  }

  /** Layers with a window have a rotary embedding of their own, unstretched in old files. */
  DecoderReader slidingRope(double theta) {
    slidingRope =
        RopeReader.tellsApart(config, SLIDING)
            ? RopeReader.read(config, SLIDING, headDim, theta)
            : new RopeConfig(headDim, theta, new RopeScaling.None());
    return this;
  }

  DecoderReader feedForward(IntFunction<MlpConfig> ofLayer) {
    mlp = ofLayer;
    return this;
  }

  MlpConfig dense(boolean bias) {
    return new MlpConfig.Dense(config.count("intermediate_size", 1, MAX_INNER), bias);
  }

  MlpConfig experts(String inner, String count, boolean normalised) {
    return new MlpConfig.Experts(
        config.count(inner, 1, MAX_INNER),
        config.count(count, 1, MAX_EXPERTS / layers),
        config.count("num_experts_per_tok", 1, MAX_EXPERTS),
        normalised);
  }

  /** The kind of all norms; epsilon is read. */
  DecoderReader norms(boolean onePlus, boolean afterBranch, boolean onHeads) {
    norms = new NormConfig(norms.epsilon(), onePlus, afterBranch, onHeads);
    return this;
  }

  DecoderReader activation(Activation value) {
    activation = value;
    return this;
  }

  DecoderReader embeddingScale(double value) {
    embeddingScale = value;
    return this;
  }

  DecoderReader logitCap(double value) {
    logitCap = value;
    return this;
  }

  /** Head and embedding are one when the file says nothing of it. */
  DecoderReader tiedByDefault() {
    tied = config.flag("tie_word_embeddings", true);
    return this;
  }

  /** {@code partial_rotary_factor} counts. */
  DecoderReader turnsPart() {
    turnsPart = true;
    return this;
  }

  /** Base of the wavelengths when the file has none. */
  DecoderReader defaultTheta(double value) {
    theta = value;
    return this;
  }

  DecoderReader names(TensorNames value) {
    names = value;
    return this;
  }

  DecoderReader stopIds(List<Integer> value) {
    stopIds = value;
    return this;
  }

  int hiddenSize() {
    return hiddenSize;
  }

  int headDim() {
    return headDim;
  }

  /** {@code sliding_window}, 0 for none. */
  static int window(ConfigReader config) {
    return config.countOrZero("sliding_window", 0);
  }

  ModelConfig read() {
    AttentionConfig attention =
        new AttentionConfig(heads, kvHeads, headDim, scale, scoreCap, qkvBias, outBias);
    List<RopeConfig> ropes = new ArrayList<>();
    ropes.add(RopeReader.read(config, FULL, headDim, config.number("rope_theta", theta)));
    if (slidingRope != null) {
      ropes.add(slidingRope);
    }
    if (!turnsPart && ropes.get(0).dims() != headDim) {
      throw new UnsupportedModelException(
          "this version does not run %s models with partial_rotary_factor".formatted(family));
    }
    List<String> kinds = config.texts("layer_types", layers);
    List<LayerConfig> all =
        IntStream.range(0, layers)
            .mapToObj(
                layer -> {
                  boolean sliding =
                      kinds.isEmpty() ? window > 0 && slides.test(layer) : slides(kinds.get(layer));
                  return new LayerConfig(
                      sliding ? window : 0,
                      sliding && slidingRope != null ? 1 : 0,
                      mlp.apply(layer));
                })
            .toList();
    return new ModelConfig(
        family,
        config.count("vocab_size"),
        hiddenSize,
        RopeReader.contextLength(config.count("max_position_embeddings"), ropes),
        all,
        attention,
        ropes,
        norms,
        activation,
        embeddingScale,
        logitCap,
        tied,
        names,
        stopIds);
  }

  private boolean slides(String kind) {
    switch (kind) {
      case FULL:
        return false;
      case SLIDING:
        if (window == 0) {
          throw new DamagedModelException(
              "config.json: layer_types has sliding_attention, but there is no sliding_window");
        }
        return true;
      default:
        throw new UnsupportedModelException(
            "this version does not run models with layer_types %s, only full_attention and"
                    .formatted(ConfigReader.shortened(kind))
                + " sliding_attention");
    }
  }
}
