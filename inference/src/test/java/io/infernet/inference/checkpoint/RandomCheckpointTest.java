package io.infernet.inference.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RandomCheckpointTest {

  private static final CheckpointLimits LIMITS = CheckpointLimits.defaults();

  private static final byte[] SMALL =
      """
      {"architectures": ["Qwen2ForCausalLM"], "vocab_size": 300, "hidden_size": 64,
       "intermediate_size": 100, "num_hidden_layers": 3, "num_attention_heads": 4,
       "max_position_embeddings": 64}
      """
          .getBytes(StandardCharsets.UTF_8);

  @TempDir Path folder;

  private static float[] read(Checkpoint checkpoint, String name, DType dtype) throws IOException {
    float[] values = new float[(int) (checkpoint.tensor(name).size() / dtype.bytes())];
    checkpoint.read(
        name,
        piece -> {
          ByteBuffer bytes = piece.order(ByteOrder.LITTLE_ENDIAN);
          for (int i = 0; i < values.length; i++) {
            values[i] =
                switch (dtype) {
                  case F32 -> bytes.getFloat();
                  case BF16 -> Float.intBitsToFloat(bytes.getShort() << 16);
                  default -> half(bytes.getShort());
                };
          }
        });
    return values;
  }

  private static float half(short bits) {
    double size = (1024 + (bits & 0x3ff)) * Math.pow(2, (bits >> 10 & 31) - 25);
    return (float) ((bits & 0x7fff) == 0 ? 0 : bits < 0 ? -size : size);
  }

  /** Published sizes, which are sums over all tensors. */
  @Test
  void knownModelsHaveAsManyParametersAsTheyShould() {
    Map<String, Long> parameters =
        Map.ofEntries(
            Map.entry("gemma-2-2b", 2_614_341_888L),
            Map.entry("gemma-3-1b", 999_885_952L),
            Map.entry("gemma-3-270m", 268_098_176L),
            Map.entry("llama-2-7b", 6_738_415_616L),
            Map.entry("llama-3.1-8b", 8_030_261_248L),
            Map.entry("llama-3.2-1b", 1_235_814_400L),
            Map.entry("mistral-7b-v0.3", 7_248_023_552L),
            Map.entry("mixtral-8x7b", 46_702_792_704L),
            Map.entry("phi-3-mini", 3_821_079_552L),
            Map.entry("phi-4", 14_659_507_200L),
            Map.entry("qwen2.5-0.5b", 494_032_768L),
            Map.entry("qwen2.5-7b", 7_615_616_512L),
            Map.entry("qwen3-0.6b", 596_049_920L),
            Map.entry("qwen3-30b-a3b", 30_532_122_624L),
            Map.entry("smollm2-135m", 134_515_008L),
            Map.entry("tinyllama-1.1b", 1_100_048_384L));
    parameters.forEach(
        (name, count) ->
            assertEquals(
                2 * count, RandomCheckpoint.of(KnownDims.config(name), DType.BF16).bytes(), name));
    for (String name : KnownDims.names()) {
      assertTrue(RandomCheckpoint.of(KnownDims.config(name), DType.BF16).bytes() > 0);
    }
    UnsupportedModelException error =
        assertThrows(UnsupportedModelException.class, () -> KnownDims.config("gpt-5"));
    assertTrue(error.getMessage().contains("qwen2.5-0.5b"), error.getMessage());
  }

  @Test
  void writesWhatACheckpointReads() throws IOException {
    for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16)) {
      RandomCheckpoint.of(SMALL, dtype).writeTo(folder);
      try (Checkpoint checkpoint = Checkpoint.open(folder, LIMITS)) {
        for (TensorSpec tensor : checkpoint.config().tensors().all()) {
          assertEquals(tensor.shape(), checkpoint.tensor(tensor.name()).shape());
        }
        float[] weights = read(checkpoint, "model.layers.2.mlp.down_proj.weight", dtype);
        double squares = 0;
        for (float weight : weights) {
          squares += weight * (double) weight;
        }
        assertEquals(0.01, squares / weights.length, 0.0005, dtype + ": variance 1 / columns");
        float[] norm = read(checkpoint, "model.norm.weight", dtype);
        for (float factor : norm) {
          assertTrue(factor > 0.4 && factor < 1.6, dtype + ": " + factor);
        }
      }
    }
  }

  @Test
  void writesTheSameWeightsIntoSeveralFiles() throws IOException {
    Path whole = Files.createDirectory(folder.resolve("whole"));
    Path parts = Files.createDirectory(folder.resolve("parts"));
    new RandomCheckpoint(SMALL, DType.BF16, 1, 5).writeTo(whole);
    new RandomCheckpoint(SMALL, DType.BF16, 3, 5).writeTo(parts);
    assertEquals(
        List.of(
            "model-00001-of-00003.safetensors",
            "model-00002-of-00003.safetensors",
            "model-00003-of-00003.safetensors"),
        Checkpoint.fileNames(parts, LIMITS));
    try (Checkpoint one = Checkpoint.open(whole, LIMITS);
        Checkpoint three = Checkpoint.open(parts, LIMITS)) {
      for (TensorSpec tensor : one.config().tensors().all()) {
        assertArrayEquals(
            read(one, tensor.name(), DType.BF16), read(three, tensor.name(), DType.BF16));
      }
    }
    byte[] before = Files.readAllBytes(whole.resolve(Checkpoint.SINGLE_FILE));
    new RandomCheckpoint(SMALL, DType.BF16, 1, 5).writeTo(whole);
    assertArrayEquals(before, Files.readAllBytes(whole.resolve(Checkpoint.SINGLE_FILE)));
    new RandomCheckpoint(SMALL, DType.BF16, 1, 6).writeTo(whole);
    assertFalse(
        java.util.Arrays.equals(before, Files.readAllBytes(whole.resolve(Checkpoint.SINGLE_FILE))));
  }

  @Test
  void refusesWhatItCannotMakeUp() {
    assertThrows(IllegalArgumentException.class, () -> RandomCheckpoint.of(SMALL, DType.I8));
    assertThrows(
        IllegalArgumentException.class, () -> new RandomCheckpoint(SMALL, DType.F32, 0, 1));
    assertThrows(
        DamagedModelException.class,
        () -> RandomCheckpoint.of(new byte[] {'{', '}'}, DType.F32).writeTo(folder));
  }
}
