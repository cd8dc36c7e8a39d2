package io.infernet.inference.quantization;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DType;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.Projection;
import io.infernet.inference.checkpoint.RandomCheckpoint;
import io.infernet.inference.checkpoint.StoredTensor;
import io.infernet.inference.checkpoint.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files of quantized matrices: what is in them, and when they are not used. */
class QuantizedWeightsTest {

  private static final CheckpointLimits LIMITS = CheckpointLimits.defaults();

  @TempDir Path home;

  /** Hidden size 96 and inner size 72: 4 bits fit the former, in groups of 32, not the latter. */
  private Checkpoint checkpoint(DType dtype) throws IOException {
    Path folder = Files.createDirectories(home.resolve("model-" + dtype));
    RandomCheckpoint.of(
            """
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 96,
             "intermediate_size": 72, "num_hidden_layers": 1, "num_attention_heads": 3,
             "num_key_value_heads": 1, "head_dim": 32, "vocab_size": 97,
             "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
             "hidden_act": "silu", "tie_word_embeddings": false, "eos_token_id": 0,
             "torch_dtype": "float32"}
            """
                .getBytes(StandardCharsets.UTF_8),
            dtype)
        .writeTo(folder);
    return Checkpoint.open(folder, LIMITS);
  }

  private static QuantizedWeights weights(Checkpoint checkpoint, WeightFormat format) {
    return new QuantizedWeights(
        checkpoint.config().tensors().matrices().stream()
            .map(matrix -> QuantizedMatrix.of(matrix, format))
            .toList(),
        LIMITS);
  }

  private static float[] values(List<StoredTensor> tensors) throws IOException {
    float[] values = new float[0];
    for (StoredTensor tensor : tensors) {
      ByteBuffer bytes = bytes(tensor);
      int count = bytes.remaining() / tensor.dtype().bytes();
      float[] all = java.util.Arrays.copyOf(values, values.length + count);
      for (int i = 0; i < count; i++) {
        all[values.length + i] =
            switch (tensor.dtype()) {
              case BF16 -> Float.intBitsToFloat(bytes.getShort() << 16);
              case F16 -> StoredRows.half(bytes.getShort());
              default -> bytes.getFloat();
            };
      }
      values = all;
    }
    return values;
  }

  private static ByteBuffer bytes(StoredTensor tensor) throws IOException {
    long count = tensor.shape().stream().reduce(1L, (a, b) -> a * b);
    return ByteBuffer.wrap(
            Files.readAllBytes(tensor.file()),
            (int) tensor.position(),
            (int) count * tensor.dtype().bytes())
        .slice()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A matrix as the file has it. */
  private static float[] read(QuantizedWeights weights, Path file, Projection projection)
      throws IOException {
    QuantizedMatrix matrix = weights.matrix(projection);
    List<StoredTensor> stored = weights.stored(file, projection);
    int rows = (int) projection.rows();
    int columns = (int) projection.columns();
    byte[] numbers = new byte[bytes(stored.get(0)).remaining()];
    bytes(stored.get(0)).get(numbers);
    float[] scale = values(stored.subList(1, 2));
    float[] values = new float[rows * columns];
    for (int r = 0; r < rows; r++) {
      for (int k = 0; k < columns; k++) {
        int whole = 0;
        if (matrix.format() == WeightFormat.INT8) {
          whole = numbers[r * columns + k];
        } else {
          int pair = numbers[(r / 64 * columns + k) * 32 + r % 32] & 0xff;
          int level = r % 64 < 32 ? pair & 15 : pair >> 4;
          ByteBuffer groups = bytes(stored.get(2));
          int padded = (int) matrix.paddedRows();
          int at = k / matrix.group() * padded + r;
          whole = (level - 8) * groups.get(at) + groups.get(columns / matrix.group() * padded + at);
        }
        values[r * columns + k] = scale[r] * whole;
      }
    }
    return values;
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"BF16", "F16", "F32"})
  void holdsEveryMatrixNearlyAsItWas(DType dtype) throws IOException {
    try (Checkpoint checkpoint = checkpoint(dtype)) {
      for (WeightFormat format : WeightFormat.values()) {
        QuantizedWeights weights = weights(checkpoint, format);
        Path file = home.resolve(format + "-" + dtype);
        weights.write(file, checkpoint, 2);
        assertTrue(weights.isWhole(file, 2));
        assertEquals(weights.bytes(), Files.size(file));
        for (Projection matrix : checkpoint.config().tensors().matrices()) {
          float[] expected = values(matrix.weights().stream().map(checkpoint::stored).toList());
          float[] actual = read(weights, file, matrix);
          double error = 0;
          double all = 0;
          for (int i = 0; i < expected.length; i++) {
            error += Math.pow(actual[i] - expected[i], 2);
            all += Math.pow(expected[i], 2);
          }
          double bound = weights.matrix(matrix).format() == WeightFormat.INT8 ? 0.012 : 0.11;
          assertTrue(
              Math.sqrt(error / all) < bound,
              "%s of %s: %s".formatted(format, matrix.weights(), Math.sqrt(error / all)));
        }
      }
    }
  }

  @Test
  void keepsIn8BitsWhatDoesNotFit4() throws IOException {
    try (Checkpoint checkpoint = checkpoint(DType.F32)) {
      QuantizedWeights weights = weights(checkpoint, WeightFormat.INT4);
      assertEquals(32, weights.matrix(checkpoint.config().tensors().qkv(0)).group());
      assertEquals(
          WeightFormat.INT8, weights.matrix(checkpoint.config().tensors().down(0)).format());
    }
  }

  @Test
  void readsItsOwnFileWhereTheLimitsJustFitTheModel() throws IOException {
    try (Checkpoint checkpoint = checkpoint(DType.BF16)) {
      CheckpointLimits tight = new CheckpointLimits(1 << 20, 1 << 20, 1 << 10, 11, 1);
      QuantizedWeights weights =
          new QuantizedWeights(
              checkpoint.config().tensors().matrices().stream()
                  .map(matrix -> QuantizedMatrix.of(matrix, WeightFormat.INT4))
                  .toList(),
              tight);
      weights.write(home.resolve("file"), checkpoint, 1);
      assertTrue(weights.isWhole(home.resolve("file"), 1));
    }
  }

  @Test
  void givesTheSameBytesWithAnyNumberOfThreads() throws IOException {
    try (Checkpoint checkpoint = checkpoint(DType.BF16)) {
      for (WeightFormat format : WeightFormat.values()) {
        weights(checkpoint, format).write(home.resolve("1" + format), checkpoint, 1);
        weights(checkpoint, format).write(home.resolve("3" + format), checkpoint, 3);
        assertArrayEquals(
            Files.readAllBytes(home.resolve("1" + format)),
            Files.readAllBytes(home.resolve("3" + format)));
      }
    }
  }

  @Test
  void refusesNumbersThatAreNotFiniteByName() throws IOException {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      String name = "model.layers.0.mlp.up_proj.weight";
      try (Checkpoint checkpoint = checkpoint(DType.F32)) {
        StoredTensor tensor = checkpoint.stored(new TensorSpec(name, List.of(72L, 96L)));
        ByteBuffer number = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, bad);
        try (var channel =
            java.nio.channels.FileChannel.open(tensor.file(), StandardOpenOption.WRITE)) {
          channel.write(number, tensor.position() + 4 * (71 * 96 + 95));
        }
        for (WeightFormat format : WeightFormat.values()) {
          Path file = home.resolve(format + "-" + bad);
          DamagedModelException error =
              assertThrows(
                  DamagedModelException.class,
                  () -> weights(checkpoint, format).write(file, checkpoint, 2));
          assertEquals(
              "tensor %s holds a number that is not finite, in row 71; the model is damaged"
                  .formatted(name),
              error.getMessage());
          assertFalse(weights(checkpoint, format).isWhole(file, 1));
        }
      }
    }
  }

  @Test
  void knowsDamagedAndForeignFiles() throws IOException {
    try (Checkpoint checkpoint = checkpoint(DType.BF16)) {
      QuantizedWeights weights = weights(checkpoint, WeightFormat.INT4);
      Path file = home.resolve("file");
      assertFalse(weights.isWhole(file, 1));
      weights.write(file, checkpoint, 1);
      assertFalse(weights(checkpoint, WeightFormat.INT8).isWhole(file, 1));
      byte[] whole = Files.readAllBytes(file);
      java.util.Random random = new java.util.Random(3);
      for (int i = 0; i < 200; i++) {
        byte[] damaged = whole.clone();
        int at = random.nextInt(damaged.length);
        damaged[at] ^= (byte) (1 << random.nextInt(8));
        Files.write(file, damaged);
        // A bit of the header that still gives the same header is harmless: none is left so.
        assertFalse(weights.isWhole(file, 1), "seed 3, byte " + at);
      }
      Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 1));
      assertFalse(weights.isWhole(file, 1));
      Files.write(file, new byte[0]);
      assertFalse(weights.isWhole(file, 1));
      Files.write(file, whole);
      assertTrue(weights.isWhole(file, 1));
    }
  }
}
