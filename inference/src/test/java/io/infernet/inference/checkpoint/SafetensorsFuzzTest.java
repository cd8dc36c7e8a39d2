package io.infernet.inference.checkpoint;

import static io.infernet.inference.checkpoint.SafetensorsBytes.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import io.infernet.libp2p.testing.Property;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
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
