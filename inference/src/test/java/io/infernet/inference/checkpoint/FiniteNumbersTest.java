package io.infernet.inference.checkpoint;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FiniteNumbersTest {

  private static final byte[] CONFIG =
      """
      {"architectures": ["LlamaForCausalLM"], "vocab_size": 7, "hidden_size": 3,
       "intermediate_size": 5, "num_hidden_layers": 1, "num_attention_heads": 1, "head_dim": 2,
       "max_position_embeddings": 8}
      """
          .getBytes(StandardCharsets.UTF_8);

  @TempDir Path folder;

  private void check() {
    try (Checkpoint checkpoint = Checkpoint.open(folder, CheckpointLimits.defaults())) {
      checkpoint.requireFinite();
    }
  }

  @Test
  void namesTheTensorWhereverInItTheWeightIs() throws IOException {
    for (DType dtype : List.of(DType.BF16, DType.F16, DType.F32)) {
      RandomCheckpoint.of(CONFIG, dtype).writeTo(folder);
      assertDoesNotThrow(this::check, dtype.name());
      Path file = folder.resolve(Checkpoint.SINGLE_FILE);
      byte[] good = Files.readAllBytes(file);
      try (Checkpoint checkpoint = Checkpoint.open(folder, CheckpointLimits.defaults())) {
        for (TensorSpec tensor : checkpoint.config().tensors().all()) {
          StoredTensor stored = checkpoint.stored(tensor);
          for (int at = 0; at < tensor.elements(); at++) {
            for (int sign : new int[] {0, 1}) {
              byte[] bad = good.clone();
              put(bad, (int) stored.position() + at * dtype.bytes(), dtype, sign);
              Files.write(file, bad);
              DamagedModelException error =
                  assertThrows(DamagedModelException.class, this::check, dtype + " " + at);
              assertEquals(
                  "tensor %s of %s has weights that are not finite numbers"
                      .formatted(tensor.name(), file),
                  error.getMessage());
            }
          }
        }
      }
    }
  }

  /** An infinity of one sign, a NaN of the other. */
  private static void put(byte[] file, int at, DType dtype, int sign) {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    switch (dtype) {
      case F32 -> bytes.putInt(at, sign == 1 ? 0xff80_0000 : 0x7fc0_0001);
      case BF16 -> bytes.putShort(at, (short) (sign == 1 ? 0xff80 : 0x7f81));
      default -> bytes.putShort(at, (short) (sign == 1 ? 0xfc00 : 0x7c01));
    }
  }

  @Test
  void takesTheLargestNumbers() throws IOException {
    RandomCheckpoint.of(CONFIG, DType.BF16).writeTo(folder);
    Path file = folder.resolve(Checkpoint.SINGLE_FILE);
    byte[] bytes = Files.readAllBytes(file);
    for (int i = bytes.length - 64; i < bytes.length; i += 2) {
      bytes[i] = (byte) 0x7f;
      bytes[i + 1] = (byte) 0xff;
    }
    Files.write(file, bytes);
    assertDoesNotThrow(this::check);
  }
}
