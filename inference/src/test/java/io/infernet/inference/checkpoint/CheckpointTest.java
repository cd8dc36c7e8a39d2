package io.infernet.inference.checkpoint;

import static io.infernet.inference.checkpoint.SafetensorsBytes.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {

  private static final CheckpointLimits LIMITS = CheckpointLimits.defaults();

  @TempDir Path folder;

  @BeforeEach
  void writeConfig() throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"architectures": ["LlamaForCausalLM"], "vocab_size": 4, "hidden_size": 2,
         "intermediate_size": 2, "num_hidden_layers": 1, "num_attention_heads": 1,
         "max_position_embeddings": 4}
        """);
  }

  private void write(String name, String tensor) throws IOException {
    Files.write(
        folder.resolve(name),
        SafetensorsBytes.file("{" + tensor(tensor, "F32", "[1]", 0, 4) + "}", 4));
  }

  private void index(String map) throws IOException {
    Files.writeString(folder.resolve(Checkpoint.INDEX_FILE), "{\"weight_map\":" + map + "}");
  }

  @Test
  void joinsSeveralFilesByTheirIndex() throws IOException {
    write("a.safetensors", "one");
    write("b.safetensors", "two");
    index("{\"two\":\"b.safetensors\",\"one\":\"a.safetensors\"}");
    assertEquals(List.of("a.safetensors", "b.safetensors"), Checkpoint.fileNames(folder, LIMITS));
    try (Checkpoint checkpoint = Checkpoint.open(folder, LIMITS)) {
      assertEquals("two", checkpoint.tensor("two").name());
      assertEquals(4, checkpoint.config().vocabSize());
      assertThrows(DamagedModelException.class, () -> checkpoint.tensor("three"));
    }
  }

  @Test
  void refusesFilesThatDoNotFitTogether() throws IOException {
    assertThrows(DamagedModelException.class, () -> Checkpoint.open(folder, LIMITS));
    index("{\"one\":\"a.safetensors\",\"two\":\"b.safetensors\"}");
    write("a.safetensors", "one");
    assertThrows(DamagedModelException.class, () -> Checkpoint.open(folder, LIMITS));
    write("b.safetensors", "one");
    DamagedModelException error =
        assertThrows(DamagedModelException.class, () -> Checkpoint.open(folder, LIMITS));
    assertTrue(error.getMessage().contains("in two files"), error.getMessage());
  }

  @Test
  void neverLeavesTheFolder() throws IOException {
    for (String name :
        List.of("../secret.safetensors", "/etc/x.safetensors", "a/b.safetensors", "passwd", "")) {
      index("{\"one\":\"" + name + "\"}");
      assertThrows(DamagedModelException.class, () -> Checkpoint.open(folder, LIMITS), name);
    }
    index("{}");
    assertThrows(DamagedModelException.class, () -> Checkpoint.open(folder, LIMITS));
  }

  @Test
  void refusesAnIndexThatLies() throws IOException {
    write("a.safetensors", "one");
    write("b.safetensors", "two");
    index("{\"one\":\"b.safetensors\",\"two\":\"a.safetensors\"}");
    assertRefused("tensor one is in b.safetensors, but it is not");
    index("{\"one\":\"a.safetensors\",\"two\":\"b.safetensors\",\"six\":\"a.safetensors\"}");
    assertRefused("tensor six is in a.safetensors, but it is not");
    index("{\"one\":\"a.safetensors\",\"two\":\"c.safetensors\"}");
    assertRefused("c.safetensors is missing");
    index("{\"one\":[\"a.safetensors\"]}");
    assertRefused("names a file that cannot be");
    Files.writeString(folder.resolve(Checkpoint.INDEX_FILE), "[]");
    assertRefused("is not a JSON object");
  }

  private void assertRefused(String message) {
    DamagedModelException error =
        assertThrows(DamagedModelException.class, () -> Checkpoint.open(folder, LIMITS));
    assertTrue(error.getMessage().contains(message), error.getMessage());
  }

  @Test
  void namesTheTensorThatIsNotAsConfigured() throws IOException {
    write(Checkpoint.SINGLE_FILE, "model.norm.weight");
    try (Checkpoint checkpoint = Checkpoint.open(folder, LIMITS)) {
      DecoderTensors tensors = checkpoint.config().tensors();
      DamagedModelException wrong =
          assertThrows(DamagedModelException.class, () -> checkpoint.stored(tensors.finalNorm()));
      assertEquals(
          "tensor model.norm.weight has the shape [1] where config.json says [2]",
          wrong.getMessage());
      DamagedModelException missing =
          assertThrows(DamagedModelException.class, () -> checkpoint.stored(tensors.embedding()));
      assertTrue(
          missing.getMessage().endsWith("has no tensor model.embed_tokens.weight"),
          missing.getMessage());
    }
    Files.write(
        folder.resolve(Checkpoint.SINGLE_FILE),
        SafetensorsBytes.file("{" + tensor("model.norm.weight", "I16", "[2]", 0, 4) + "}", 4));
    try (Checkpoint checkpoint = Checkpoint.open(folder, LIMITS)) {
      UnsupportedModelException wrong =
          assertThrows(
              UnsupportedModelException.class,
              () -> checkpoint.stored(checkpoint.config().tensors().finalNorm()));
      assertEquals(
          "tensor model.norm.weight is stored as i16; this version takes weights as fp16, bf16,"
              + " fp32, fp64",
          wrong.getMessage());
    }
  }

  @Test
  void findsTheTextPartUnderTheNamesThatProgramsGiveIt() throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"architectures": ["Gemma3ForConditionalGeneration"], "text_config": {}}
        """);
    for (String root : List.of("model.", "language_model.model.", "model.language_model.")) {
      write(Checkpoint.SINGLE_FILE, root + "embed_tokens.weight");
      try (Checkpoint checkpoint = Checkpoint.open(folder, LIMITS)) {
        assertEquals(
            root + "layers.1.self_attn.o_proj.weight",
            checkpoint.config().tensors().out(1).weights().get(0).name());
      }
    }
  }

  @Test
  void copiesFilesInWhichNumbersAreNotAligned() throws IOException {
    String header =
        "{"
            + tensor("small", "U8", "[3]", 0, 3)
            + ","
            + tensor("wide", "F32", "[2]", 3, 11)
            + ","
            + tensor("half", "BF16", "[1]", 11, 13)
            + "}";
    header += " ".repeat(7 - (header.length() + 7) % 8);
    Files.write(folder.resolve(Checkpoint.SINGLE_FILE), SafetensorsBytes.file(header, 13));
    Path copies = folder.resolve("copies");
    for (int i = 0; i < 2; i++) {
      try (Checkpoint plain = Checkpoint.open(folder, LIMITS);
          Checkpoint aligned = Checkpoint.openAligned(folder, LIMITS, copies, "key")) {
        for (String name : List.of("small", "wide", "half")) {
          assertEquals(plain.tensor(name).shape(), aligned.tensor(name).shape());
          assertArrayEquals(bytes(plain, name), bytes(aligned, name), name);
        }
        assertEquals(0, aligned.tensor("wide").offset());
      }
      try (Stream<Path> files = Files.list(copies)) {
        assertEquals(List.of(copies.resolve("key-model.safetensors.aligned")), files.toList());
      }
    }
    try (SafetensorsFile copy =
        SafetensorsFile.open(copies.resolve("key-model.safetensors.aligned"), LIMITS)) {
      assertFalse(AlignedCopy.isNeeded(copy));
      assertTrue(copy.stored("half").aligned());
    }
  }

  private static byte[] bytes(Checkpoint checkpoint, String name) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) checkpoint.tensor(name).size());
    checkpoint.read(name, bytes::put);
    return bytes.array();
  }

  @Test
  void saysWhyAPickleIsNoCheckpoint() throws IOException {
    Files.write(folder.resolve("pytorch_model.bin"), new byte[] {1});
    assertRefused("pytorch_model.bin is not read");
  }

  @Test
  void boundsTheNumberOfFiles() throws IOException {
    index("{\"one\":\"a.safetensors\",\"two\":\"b.safetensors\"}");
    CheckpointLimits limits = new CheckpointLimits(1 << 16, 1 << 16, 1 << 16, 10, 1);
    DamagedModelException error =
        assertThrows(DamagedModelException.class, () -> Checkpoint.open(folder, limits));
    assertTrue(error.getMessage().contains("more than 1 files"), error.getMessage());
  }

  @Test
  void limitsHaveDefaultsAndBounds() {
    assertEquals(
        new CheckpointLimits(16 << 20, 16 << 20, 16 << 20, 65_536, 512),
        CheckpointLimits.defaults());
    assertThrows(IllegalArgumentException.class, () -> new CheckpointLimits(0, 1, 2, 1, 1));
    assertThrows(
        IllegalArgumentException.class, () -> new CheckpointLimits(1, 1, 100_000_001, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new CheckpointLimits(1, 1, 2, 1, 0));
  }
}
