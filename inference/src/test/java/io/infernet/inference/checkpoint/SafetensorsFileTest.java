package io.infernet.inference.checkpoint;

import static io.infernet.inference.checkpoint.SafetensorsBytes.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFileTest {

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void chooseFile() {
    file = folder.resolve("model.safetensors");
  }

  private SafetensorsFile open(String header, int dataBytes) throws IOException {
    Files.write(file, SafetensorsBytes.file(header, dataBytes));
    return SafetensorsFile.open(file, CheckpointLimits.defaults());
  }

  private void refuses(String header, int dataBytes, String reason) throws IOException {
    Files.write(file, SafetensorsBytes.file(header, dataBytes));
    DamagedModelException error =
        assertThrows(
            DamagedModelException.class,
            () -> SafetensorsFile.open(file, CheckpointLimits.defaults()));
    assertTrue(error.getMessage().contains(reason), error.getMessage());
    assertEquals(1, error.getMessage().lines().count(), error.getMessage());
  }

  @Test
  void readsTensorsInTheOrderOfTheirData() throws IOException {
    String header =
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + tensor("b", "BF16", "[2,2]", 4, 12)
            + ","
            + tensor("a", "F32", "[1]", 0, 4)
            + ","
            + tensor("none", "F32", "[0,5]", 12, 12)
            + "}   ";
    try (SafetensorsFile opened = open(header, 12)) {
      assertEquals(List.of("a", "b", "none"), List.copyOf(opened.tensors().keySet()));
      assertEquals(
          new TensorInfo("b", DType.BF16, List.of(2L, 2L), 4, 8), opened.tensors().get("b"));
      ByteArrayOutputStream read = new ByteArrayOutputStream();
      opened.read(
          "b",
          piece -> {
            byte[] bytes = new byte[piece.remaining()];
            piece.get(bytes);
            read.writeBytes(bytes);
          });
      assertArrayEquals(new byte[] {4, 5, 6, 7, 8, 9, 10, 11}, read.toByteArray());
      assertThrows(IllegalArgumentException.class, () -> opened.read("c", piece -> {}));
    }
  }

  @Test
  void refusesFilesThatAreNoSafetensors() throws IOException {
    assertThrows(
        DamagedModelException.class, () -> SafetensorsFile.open(file, CheckpointLimits.defaults()));
    for (byte[] bytes :
        List.of(
            new byte[0],
            new byte[7],
            new byte[] {2, 0, 0, 0, 0, 0, 0, 0},
            new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, '{', '}'},
            new byte[] {0, 0, 0, 0, 0, 0, 0, (byte) 0x80, '{', '}'})) {
      Files.write(file, bytes);
      assertThrows(
          DamagedModelException.class,
          () -> SafetensorsFile.open(file, CheckpointLimits.defaults()));
    }
    refuses("[]", 0, "not a JSON object");
    refuses("{ ", 0, "not valid JSON");
    refuses("{}{}", 0, "not valid JSON");
  }

  @Test
  void refusesWhatDoesNotHold() throws IOException {
    refuses("{" + tensor("a", "F32", "[2]", 0, 4) + "}", 4, "takes 8 bytes");
    refuses("{" + tensor("a", "F32", "[1]", 4, 0) + "}", 4, "offsets");
    refuses("{" + tensor("a", "F32", "[1]", -4, 0) + "}", 4, "no proper shape or offsets");
    refuses("{" + tensor("a", "X8", "[1]", 0, 4) + "}", 4, "unknown dtype");
    refuses("{" + tensor("a", "F32", "[-1]", 0, 4) + "}", 4, "bad dimension");
    refuses("{" + tensor("a", "F32", "[1.5]", 0, 4) + "}", 4, "bad dimension");
    refuses("{" + tensor("a", "F32", "7", 0, 4) + "}", 4, "no proper shape");
    refuses("{" + tensor("a", "F32", "[1,1,1,1,1,1,1,1,1]", 0, 4) + "}", 4, "no proper shape");
    refuses("{" + tensor("a", "F32", "[1]", 0, 4) + "}", 3, "3 bytes of data");
    refuses("{" + tensor("a", "F32", "[1]", 0, 4) + "}", 5, "5 bytes of data");
    refuses("{\"a\":7}", 4, "unknown dtype");
    refuses("{" + tensor("a", "F64", "[4611686018427387904]", 0, 0) + "}", 0, "impossibly large");
    refuses(
        "{" + tensor("a", "U8", "[9223372036854775807]", 0, Long.MAX_VALUE) + "}",
        4,
        "4 bytes of data");
    refuses("{" + tensor("n".repeat(600), "F32", "[1]", 0, 4) + "}", 4, "name that is too long");
  }

  @Test
  void refusesOverlapsGapsAndDoubledNames() throws IOException {
    String a = tensor("a", "F32", "[2]", 0, 8);
    refuses("{" + a + "," + tensor("b", "F32", "[1]", 4, 8) + "}", 8, "overlaps");
    refuses("{" + a + "," + tensor("b", "F32", "[2]", 0, 8) + "}", 8, "overlaps");
    refuses("{" + a + "," + tensor("b", "F32", "[1]", 12, 16) + "}", 16, "gap");
    refuses("{" + a + "," + tensor("a", "F32", "[1]", 8, 12) + "}", 12, "not valid JSON");
  }

  @Test
  void boundsTheHeader() throws IOException {
    CheckpointLimits limits = new CheckpointLimits(1, 1, 100, 2, 1);
    Files.write(file, SafetensorsBytes.file("{" + " ".repeat(99) + "}", 0));
    assertThrows(DamagedModelException.class, () -> SafetensorsFile.open(file, limits));
    Files.write(file, SafetensorsBytes.file("{\"a\":1,\"b\":2,\"c\":3}", 0));
    DamagedModelException error =
        assertThrows(DamagedModelException.class, () -> SafetensorsFile.open(file, limits));
    assertTrue(error.getMessage().contains("claims 3 tensors"), error.getMessage());
    refuses("{\"a\":" + "[".repeat(200) + "]".repeat(200) + "}", 0, "not valid JSON");
  }

  @Test
  void noticesThatTheFileWasCutWhileOpen() throws IOException {
    try (SafetensorsFile opened = open("{" + tensor("a", "F32", "[2]", 0, 8) + "}", 8)) {
      byte[] whole = Files.readAllBytes(file);
      Files.write(file, Arrays.copyOf(whole, whole.length - 1));
      assertThrows(DamagedModelException.class, () -> opened.read("a", piece -> {}));
    }
  }
}
