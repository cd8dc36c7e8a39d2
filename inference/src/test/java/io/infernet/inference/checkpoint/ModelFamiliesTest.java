package io.infernet.inference.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What each family makes of its own spelling. */
class ModelFamiliesTest {

  private static ModelConfig read(String json) {
    return ModelConfig.of(BoundedJson.parse(json.getBytes(StandardCharsets.UTF_8), "test"));
  }

  private static ModelConfig read(String architecture, String more) {
    return read(
        """
        {"architectures": ["%s"], "vocab_size": 100, "hidden_size": 32, "intermediate_size": 48,
         "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2,
         "max_position_embeddings": 64, "eos_token_id": 1 %s}
        """
            .formatted(architecture, more.isEmpty() ? "" : ", " + more));
  }

  private static List<Integer> windows(ModelConfig config) {
    return config.layers().stream().map(LayerConfig::window).toList();
  }

  private static List<Integer> ropes(ModelConfig config) {
    return config.layers().stream().map(LayerConfig::rope).toList();
  }

  private static String names(ModelConfig config) {
    return config.tensors().all().stream().map(TensorSpec::name).collect(Collectors.joining(" "));
  }

  @Test
  void mistralHasWindowsInAllLayersOrNone() {
    assertEquals(List.of(8, 8, 8, 8), windows(read("MistralForCausalLM", "\"sliding_window\": 8")));
    assertEquals(
        List.of(0, 0, 0, 0), windows(read("MistralForCausalLM", "\"sliding_window\": null")));
  }

  @Test
  void llamaHasNoWindowWhateverTheFileSays() {
    assertEquals(List.of(0, 0, 0, 0), windows(read("LlamaForCausalLM", "\"sliding_window\": 8")));
  }

  @Test
  void qwen2HasBiasesAndWindowsOnlyWhenSwitchedOn() {
    ModelConfig off =
        read(
            "Qwen2ForCausalLM",
            "\"sliding_window\": 8, \"use_sliding_window\": false, \"max_window_layers\": 1");
    assertEquals(List.of(0, 0, 0, 0), windows(off));
    assertTrue(off.attention().qkvBias());
    assertFalse(off.attention().outBias());
    ModelConfig on =
        read(
            "Qwen2ForCausalLM",
            "\"sliding_window\": 8, \"use_sliding_window\": true, \"max_window_layers\": 1");
    assertEquals(List.of(0, 8, 8, 8), windows(on));
    ModelConfig listed =
        read(
            "Qwen2ForCausalLM",
            """
            "sliding_window": 8, "use_sliding_window": true, "layer_types":
            ["sliding_attention", "full_attention", "full_attention", "full_attention"]
            """);
    assertEquals(List.of(8, 0, 0, 0), windows(listed));
    assertThrows(
        DamagedModelException.class,
        () ->
            read(
                "Qwen2ForCausalLM",
                """
                "layer_types":
                ["sliding_attention", "full_attention", "full_attention", "full_attention"]
                """));
  }

  @Test
  void qwen3NormalisesHeadsOfAnyWidth() {
    ModelConfig config = read("Qwen3ForCausalLM", "\"head_dim\": 16");
    assertTrue(config.norms().onHeads());
    assertEquals(
        List.of(64L, 32L), config.tensors().qkv(0).weights().get(0).shape(), "queries are wider");
    assertTrue(names(config).contains("model.layers.3.self_attn.k_norm.weight"));
  }

  @Test
  void qwen3MoeMixesInTheLayersThatTheFileNames() {
    ModelConfig config =
        read(
            "Qwen3MoeForCausalLM",
            """
            "moe_intermediate_size": 24, "num_experts": 8, "num_experts_per_tok": 2,
            "norm_topk_prob": true, "decoder_sparse_step": 2, "mlp_only_layers": [3]
            """);
    assertEquals(
        List.of(
            new MlpConfig.Dense(48, false),
            new MlpConfig.Experts(24, 8, 2, true),
            new MlpConfig.Dense(48, false),
            new MlpConfig.Dense(48, false)),
        config.layers().stream().map(LayerConfig::mlp).toList());
    assertTrue(names(config).contains("model.layers.1.mlp.experts.7.down_proj.weight"));
    assertTrue(names(config).contains("model.layers.1.mlp.gate.weight"));
    assertTrue(names(config).contains("model.layers.2.mlp.gate_proj.weight"));
    assertEquals("qwen3_moe", config.family());
  }

  @Test
  void mixtralHasItsOwnNamesForExperts() {
    ModelConfig config =
        read("MixtralForCausalLM", "\"num_local_experts\": 4, \"num_experts_per_tok\": 2");
    assertEquals(new MlpConfig.Experts(48, 4, 2, true), config.layers().get(0).mlp());
    DecoderTensors tensors = config.tensors();
    assertEquals(
        List.of(
            TensorSpec.matrix("model.layers.0.block_sparse_moe.experts.3.w1.weight", 48, 32),
            TensorSpec.matrix("model.layers.0.block_sparse_moe.experts.3.w3.weight", 48, 32)),
        tensors.expertGateUp(0, 3).weights());
    assertEquals(
        "model.layers.0.block_sparse_moe.gate.weight", tensors.router(0).weights().get(0).name());
    assertEquals(1e6, config.ropes().get(0).theta());
    assertThrows(
        DamagedModelException.class,
        () -> read("MixtralForCausalLM", "\"num_local_experts\": 4, \"num_experts_per_tok\": 5"));
    assertThrows(
        DamagedModelException.class,
        () ->
            read(
                "MixtralForCausalLM",
                "\"num_local_experts\": 1000000, \"num_experts_per_tok\": 1"));
  }

  @Test
  void gemma2AlternatesAndCaps() {
    ModelConfig config =
        read(
            "Gemma2ForCausalLM",
            """
            "head_dim": 16, "query_pre_attn_scalar": 64, "sliding_window": 8,
            "attn_logit_softcapping": 50.0, "final_logit_softcapping": null
            """);
    assertEquals(List.of(8, 0, 8, 0), windows(config));
    assertEquals(0.125, config.attention().scale());
    assertEquals(50, config.attention().scoreCap());
    assertEquals(0, config.logitCap());
    assertEquals(Math.sqrt(32), config.embeddingScale());
    assertEquals(Activation.GELU_TANH, config.activation());
    assertEquals(new NormConfig(1e-6, true, true, false), config.norms());
    assertTrue(config.tiedEmbeddings());
    assertTrue(names(config).contains("model.layers.0.pre_feedforward_layernorm.weight"));
    assertFalse(names(config).contains("lm_head"));
  }

  @Test
  void gemma3HasTwoRotaryEmbeddings() {
    ModelConfig old =
        read(
            "Gemma3ForCausalLM",
            """
            "head_dim": 16, "sliding_window": 8, "sliding_window_pattern": 3,
            "rope_local_base_freq": 1000, "rope_scaling": {"rope_type": "linear", "factor": 8.0}
            """);
    assertEquals(List.of(8, 8, 0, 8), windows(old));
    assertEquals(List.of(1, 1, 0, 1), ropes(old));
    List<RopeConfig> both =
        List.of(
            new RopeConfig(16, 1e6, new RopeScaling.Linear(8)),
            new RopeConfig(16, 1000, new RopeScaling.None()));
    assertEquals(both, old.ropes());
    assertTrue(old.norms().onHeads());
    ModelConfig fresh =
        read(
            "Gemma3ForCausalLM",
            """
            "head_dim": 16, "sliding_window": 8, "layer_types":
            ["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"],
            "rope_parameters": {
              "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
              "sliding_attention": {"rope_type": "default", "rope_theta": 1000}}
            """);
    assertEquals(both, fresh.ropes());
    assertEquals(ropes(old), ropes(fresh));
    assertEquals(windows(old), windows(fresh));
  }

  /** As the published file of the model with 4 billion parameters, which leaves out most. */
  @Test
  void gemma3ThatSeesImagesRunsItsTextPart() {
    ModelConfig config =
        read(
            """
            {"architectures": ["Gemma3ForConditionalGeneration"], "eos_token_id": [1, 106],
             "text_config": {"hidden_size": 2560, "intermediate_size": 10240,
               "model_type": "gemma3_text", "num_hidden_layers": 34,
               "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024},
             "vision_config": {"hidden_size": 1152}}
            """);
    assertEquals(262_208, config.vocabSize());
    assertEquals(2_048, config.attention().queryWidth());
    assertEquals(1_024, config.attention().keyWidth());
    assertEquals(131_072, config.contextLength());
    assertEquals(List.of(1, 106), config.stopIds());
    assertEquals(1_024, config.layers().get(4).window());
    assertEquals(0, config.layers().get(5).window());
    assertEquals("language_model.model.embed_tokens.weight", config.tensors().embedding().name());
  }

  @Test
  void phi3IsFusedAndMayTurnPartOfAHead() {
    ModelConfig config =
        read(
            "Phi3ForCausalLM",
            """
            "partial_rotary_factor": 0.5, "original_max_position_embeddings": 16,
            "rope_scaling": {"type": "longrope", "short_factor": [1.0, 2.0],
              "long_factor": [4.0, 8.0]}, "sliding_window": 60, "attention_bias": false
            """);
    assertEquals(
        List.of(TensorSpec.matrix("model.layers.0.self_attn.qkv_proj.weight", 64, 32)),
        config.tensors().qkv(0).weights());
    assertEquals(
        List.of(TensorSpec.matrix("model.layers.0.mlp.gate_up_proj.weight", 96, 32)),
        config.tensors().gateUp(0).weights());
    assertEquals(4, config.ropes().get(0).dims());
    assertEquals(
        new RopeScaling.LongRope(
            List.of(1.0, 2.0), List.of(4.0, 8.0), 16, Math.sqrt(1 + Math.log(4) / Math.log(16))),
        config.ropes().get(0).scaling());
    assertEquals(64, config.contextLength());
    assertEquals(16, config.stretchAfter());
    assertEquals(1, config.ropes().get(0).frequencies()[0]);
    assertEquals(0.25f, config.ropes().get(0).stretchedFrequencies()[0]);
    assertEquals(List.of(60, 60, 60, 60), windows(config));
    assertThrows(
        DamagedModelException.class,
        () ->
            read(
                "Phi3ForCausalLM",
                """
                "rope_scaling": {"type": "longrope", "short_factor": [1.0],
                  "long_factor": [4.0, 8.0]}
                """));
    assertThrows(
        UnsupportedModelException.class, () -> read("Phi3ForCausalLM", "\"attention_bias\": true"));
  }

  @Test
  void allTensorsHaveDifferentNames() {
    for (String architecture :
        List.of(
            "LlamaForCausalLM",
            "MistralForCausalLM",
            "Qwen2ForCausalLM",
            "Qwen3ForCausalLM",
            "Gemma2ForCausalLM",
            "Gemma3ForCausalLM",
            "Phi3ForCausalLM")) {
      List<TensorSpec> all = read(architecture, "").tensors().all();
      assertEquals(all.size(), all.stream().map(TensorSpec::name).distinct().count(), architecture);
    }
  }

  @Test
  void yarnStretchesSlowPairsAndRaisesTheMagnitude() {
    ModelConfig config =
        read(
            "Qwen2ForCausalLM",
            """
            "head_dim": 128, "rope_theta": 1000000.0, "rope_scaling":
            {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
            """);
    RopeConfig rope = config.ropes().get(0);
    assertEquals(0.1 * Math.log(4) + 1, rope.magnitude());
    assertEquals(256, config.contextLength());
    float[] plain = new RopeConfig(128, 1e6, new RopeScaling.None()).frequencies();
    float[] stretched = rope.frequencies();
    assertEquals(plain[0], stretched[0]);
    assertEquals(plain[63] / 4, stretched[63], 1e-12);
    // With 64 positions the ramp goes from pair 0 (rounded up from below) to pair 11.
    assertEquals(plain[5] * (1 - 5.0 / 11 + 5.0 / 11 / 4), stretched[5], 1e-7);
    RopeScaling deepseek =
        read(
                "LlamaForCausalLM",
                """
                "rope_parameters": {"rope_type": "yarn", "factor": 40, "beta_fast": 32,
                  "beta_slow": 1, "mscale": 1.0, "mscale_all_dim": 0.707, "rope_theta": 10000}
                """)
            .ropes()
            .get(0)
            .scaling();
    assertEquals(
        (0.1 * Math.log(40) + 1) / (0.0707 * Math.log(40) + 1), deepseek.magnitude(), 1e-12);
  }

  @Test
  void dynamicScalingChangesNothingWithinTheContext() {
    ModelConfig config =
        read("LlamaForCausalLM", "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2.0}");
    assertEquals(new RopeScaling.None(), config.ropes().get(0).scaling());
    assertEquals(64, config.contextLength());
  }
}
