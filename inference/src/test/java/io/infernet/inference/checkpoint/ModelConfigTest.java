package io.infernet.inference.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelConfigTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static ObjectNode llama() {
    try {
      return (ObjectNode)
          MAPPER.readTree(
              """
              {"architectures": ["LlamaForCausalLM"], "vocab_size": 100, "hidden_size": 32,
               "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
               "num_key_value_heads": 2, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
               "hidden_act": "silu", "eos_token_id": [7, 3], "rope_scaling": null}
              """);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static ModelConfig with(Consumer<ObjectNode> change) {
    ObjectNode json = llama();
    change.accept(json);
    return ModelConfig.of(json);
  }

  private static void unsupported(Consumer<ObjectNode> change, String named) {
    UnsupportedModelException error =
        assertThrows(UnsupportedModelException.class, () -> with(change));
    assertTrue(error.getMessage().contains(named), error.getMessage());
  }

  private static void damaged(Consumer<ObjectNode> change, String named) {
    DamagedModelException error = assertThrows(DamagedModelException.class, () -> with(change));
    assertTrue(error.getMessage().contains(named), error.getMessage());
  }

  @Test
  void readsALlama() {
    ModelConfig config = ModelConfig.of(llama());
    assertEquals("llama", config.family());
    assertEquals(8, config.attention().headDim());
    assertEquals(2, config.attention().kvHeads());
    assertEquals(10_000, config.ropes().get(0).theta());
    assertEquals(new RopeScaling.None(), config.ropes().get(0).scaling());
    assertEquals(List.of(3, 7), config.stopIds());
    assertFalse(config.tiedEmbeddings());
    assertFalse(config.attention().qkvBias());
  }

  @Test
  void takesNullForMissing() {
    ModelConfig config =
        with(
            json -> {
              json.putNull("head_dim");
              json.putNull("num_key_value_heads");
              json.putNull("eos_token_id");
              json.putNull("rope_theta");
              json.putNull("quantization_config");
            });
    assertEquals(8, config.attention().headDim());
    assertEquals(4, config.attention().kvHeads());
    assertEquals(List.of(), config.stopIds());
  }

  @Test
  void readsOptionsThatChangeTheShape() {
    ModelConfig config =
        with(
            json -> {
              json.put("head_dim", 16);
              json.put("attention_bias", true);
              json.put("mlp_bias", true);
              json.put("tie_word_embeddings", true);
            });
    assertEquals(16, config.attention().headDim());
    assertTrue(config.attention().qkvBias());
    assertTrue(((MlpConfig.Dense) config.layers().get(0).mlp()).bias());
    assertTrue(config.tiedEmbeddings());
  }

  @Test
  void readsRopeFromOldAndNewPlaces() {
    assertEquals(
        new RopeScaling.Linear(4),
        with(json -> json.putObject("rope_scaling").put("type", "linear").put("factor", 4.0))
            .ropes()
            .get(0)
            .scaling());
    ModelConfig config =
        with(
            json ->
                json.putObject("rope_parameters")
                    .put("rope_type", "llama3")
                    .put("rope_theta", 5e5)
                    .put("factor", 8)
                    .put("low_freq_factor", 1)
                    .put("high_freq_factor", 4)
                    .put("original_max_position_embeddings", 32));
    assertEquals(500_000, config.ropes().get(0).theta());
    assertEquals(new RopeScaling.Llama3(8, 1, 4, 32), config.ropes().get(0).scaling());
  }

  @Test
  void stretchesLongWavelengthsOnly() {
    RopeScaling.Llama3 llama3 = new RopeScaling.Llama3(8, 1, 4, 128);
    double turn = 2 * Math.PI / 128;
    assertEquals(0.5 * turn / 8, llama3.scale(0.5 * turn), 1e-12);
    assertEquals(5 * turn, llama3.scale(5 * turn), 1e-12);
    double middle = 2.5 * turn;
    assertEquals(middle * (0.5 / 8 + 0.5), llama3.scale(middle), 1e-12);
    assertEquals(0.25, new RopeScaling.Linear(4).frequencies(2, 100)[0], 1e-12);
  }

  @Test
  void refusesByNameWhatItDoesNotRun() {
    unsupported(json -> json.putArray("architectures").add("MambaForCausalLM"), "MambaForCausalLM");
    unsupported(json -> json.put("hidden_act", "relu"), "hidden_act");
    unsupported(json -> json.put("residual_multiplier", 0.22), "residual_multiplier");
    unsupported(json -> json.put("use_mrope", true), "use_mrope");
    unsupported(json -> json.put("clip_qkv", 8), "clip_qkv");
    unsupported(
        json -> json.putArray("layer_types").add("full_attention").add("linear_attention"),
        "linear_attention");
    unsupported(json -> json.put("partial_rotary_factor", 0.5), "partial_rotary_factor");
    unsupported(json -> json.putObject("quantization_config"), "quantization_config");
    unsupported(
        json -> json.putObject("rope_scaling").put("rope_type", "mrope").put("factor", 4), "mrope");
  }

  @Test
  void refusesNonsenseByName() {
    damaged(json -> json.remove("vocab_size"), "vocab_size");
    damaged(json -> json.remove("architectures"), "architecture");
    damaged(json -> json.put("hidden_size", 0), "hidden_size");
    damaged(json -> json.put("hidden_size", -8), "hidden_size");
    damaged(json -> json.put("hidden_size", 1L << 40), "hidden_size");
    damaged(json -> json.put("hidden_size", "32"), "hidden_size");
    damaged(json -> json.put("num_key_value_heads", 3), "heads");
    damaged(json -> json.put("head_dim", 7), "head_dim");
    damaged(json -> json.put("num_hidden_layers", 1_000_000_000), "num_hidden_layers");
    damaged(json -> json.put("num_hidden_layers", 100_000), "num_hidden_layers");
    damaged(json -> json.put("num_attention_heads", 1 << 20), "num_attention_heads");
    damaged(json -> json.put("intermediate_size", 1 << 23), "intermediate_size");
    damaged(json -> json.putArray("layer_types").add("full_attention"), "layer_types");
    damaged(json -> json.put("rope_scaling", "yarn"), "rope_scaling");
    damaged(json -> json.put("rms_norm_eps", -1), "rms_norm_eps");
    damaged(json -> json.put("rope_theta", 0), "rope_theta");
    damaged(json -> json.put("eos_token_id", -1), "eos_token_id");
    damaged(json -> json.put("attention_bias", "yes"), "attention_bias");
    damaged(json -> json.putObject("rope_scaling").put("type", "linear"), "factor");
  }

  @Test
  void boundsTheFile(@TempDir Path folder) throws IOException {
    CheckpointLimits limits = new CheckpointLimits(64, 64, 64, 1, 1);
    assertThrows(DamagedModelException.class, () -> ModelDescription.read(folder, limits));
    Files.writeString(folder.resolve("config.json"), llama().toString());
    DamagedModelException error =
        assertThrows(DamagedModelException.class, () -> ModelDescription.read(folder, limits));
    assertTrue(error.getMessage().contains("longer than 64 bytes"), error.getMessage());
  }
}
