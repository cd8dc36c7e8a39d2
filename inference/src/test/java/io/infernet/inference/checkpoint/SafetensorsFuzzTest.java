package io.infernet.inference.checkpoint;

import static io.infernet.inference.checkpoint.SafetensorsBytes.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import io.infernet.libp2p.testing.Property;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsFuzzTest {

  private static final CheckpointLimits LIMITS = new CheckpointLimits(1, 1, 1 << 16, 100, 1);

  static Stream<byte[]> headers() {
    return Stream.of(
            "{}",
            "{\"__metadata__\":{\"format\":\"pt\"}," + tensor("a", "F32", "[2,1]", 0, 8) + "}",
            "{"
                + tensor("a", "BF16", "[]", 0, 2)
                + ","
                + tensor("b", "I64", "[0]", 2, 2)
                + ","
                + tensor("c", "U8", "[3]", 2, 5)
                + "}")
        .map(text -> text.getBytes(StandardCharsets.UTF_8));
  }

  @MethodSource("headers")
  @FuzzTest
  void acceptsOnlyHeadersThatCoverTheData(byte @NotNull [] header) {
    for (int size : new int[] {0, 5, 8}) {
      check(header, size);
    }
  }

  @Test
  void acceptsOnlyHeadersThatCoverTheDataWhenBytesChange() {
    byte[][] seeds = headers().toArray(byte[][]::new);
    Property.forAll(
        5_000,
        random ->
            acceptsOnlyHeadersThatCoverTheData(
                Property.mutate(random, seeds[random.nextInt(seeds.length)])));
  }

  /** Whole files: length, header and data, changed anywhere or cut off. */
  @Test
  void opensOnlyWholeFilesWhenBytesChange(@TempDir Path folder) throws IOException {
    byte[] good =
        SafetensorsBytes.file(
            "{" + tensor("a", "F32", "[2,1]", 0, 8) + "," + tensor("b", "BF16", "[3]", 8, 14) + "}",
            14);
    Path path = folder.resolve("x.safetensors");
    Property.forAll(
        2_000,
        random -> {
          byte[] bytes = Property.mutate(random, good);
          if (random.nextInt(4) == 0) {
            bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 20));
          }
          try {
            Files.write(path, bytes);
            try (SafetensorsFile file = SafetensorsFile.open(path, LIMITS)) {
              for (String name : file.tensors().keySet()) {
                StoredTensor stored = file.stored(name);
                long size = file.tensors().get(name).size();
                assertTrue(stored.position() >= 8);
                assertTrue(stored.position() + size <= bytes.length);
                long[] read = new long[1];
                file.read(name, piece -> read[0] += piece.remaining());
                assertEquals(size, read[0]);
              }
            } catch (DamagedModelException e) {
              assertTrue(e.getMessage().contains("x.safetensors"), e.getMessage());
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static void check(byte[] header, long dataSize) {
    Map<String, TensorInfo> tensors;
    try {
      tensors = SafetensorsFile.parseHeader(header, dataSize, LIMITS, "fuzz");
    } catch (DamagedModelException e) {
      return;
    }
    long end = 0;
    for (TensorInfo tensor : tensors.values()) {
      assertEquals(end, tensor.offset());
      long numbers = tensor.shape().stream().reduce(1L, Math::multiplyExact);
      assertEquals(numbers * tensor.dtype().bytes(), tensor.size());
      end += tensor.size();
    }
    assertEquals(dataSize, end);
  }
}
