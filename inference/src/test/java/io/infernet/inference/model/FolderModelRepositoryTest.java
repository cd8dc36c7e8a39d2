package io.infernet.inference.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DType;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.RandomCheckpoint;
import io.infernet.inference.testing.TinyConfigs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderModelRepositoryTest {

  private static final ModelName STORYTELLER = ModelName.parse("storyteller");

  @TempDir Path home;
  private Path models;
  private FolderModelRepository repository;

  @BeforeEach
  void makeRepository() {
    models = home.resolve("models");
    repository = open();
  }

  private FolderModelRepository open() {
    return new FolderModelRepository(models, CheckpointLimits.defaults());
  }

  private Path copyOfStoryteller(String name) throws IOException {
    Path from = repository.require(STORYTELLER).folder();
    Path to = Files.createDirectories(models.resolve(name));
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
    return to;
  }

  private static List<String> names(List<InstalledModel> models) {
    return models.stream().map(model -> model.name().toString()).toList();
  }

  @Test
  void unpacksTheEmbeddedModelOnFirstUse() throws IOException {
    assertFalse(Files.exists(models));
    InstalledModel model = repository.require(STORYTELLER);
    assertEquals(models.resolve("storyteller"), model.folder());
    ModelManifest manifest = model.manifest();
    assertEquals("llama", manifest.family());
    assertEquals("bf16", manifest.storedAs());
    assertEquals(512, manifest.contextLength());
    assertEquals(new GenerationDefaults(0.7, 40, 0.95, List.of(0)), manifest.defaults());
    assertEquals(10_809_752, Files.size(model.folder().resolve("model.safetensors")));
    try (Stream<Path> left = Files.list(models)) {
      assertEquals(
          List.of(".hashes.json", "storyteller"),
          left.map(path -> path.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void namesTheEmbeddedModelForEver() {
    // Other nodes know the model by this: when it changes, old and new nodes do not find each
    // other.
    assertEquals(
        "bagaaierajj3gjk4eaeagikcrq2xwtn3xmppewqrkhlfbp2vr6dq2osociqtq",
        repository.require(STORYTELLER).manifest().cid().toString());
    assertNotEquals(
        repository.require(STORYTELLER).manifest().cid(),
        repository.require(ModelName.parse("storyteller:bf16")).manifest().cid());
  }

  @Test
  void listsFoldersThatHoldModels() throws IOException {
    copyOfStoryteller("another");
    Files.createDirectories(models.resolve("empty"));
    Files.createDirectories(models.resolve("not a name"));
    Files.writeString(models.resolve("file"), "");
    assertEquals(List.of("another", "storyteller"), names(repository.list()));
    assertEquals(
        List.of("another", "storyteller:bf16"),
        names(
            List.of(
                repository.require(ModelName.parse("another")),
                repository.require(ModelName.parse("storyteller:bf16")))));
  }

  @Test
  void saysWhatIsInstalledWhenAModelIsNot() {
    assertTrue(repository.find(ModelName.parse("nothing")).isEmpty());
    InfernetException error =
        assertThrows(
            ModelNotFoundException.class, () -> repository.require(ModelName.parse("nothing")));
    assertEquals("no model nothing is installed here; installed: storyteller", error.getMessage());
  }

  @Test
  void saysHowToMendADamagedEmbeddedModel() throws IOException {
    Path weights = repository.require(STORYTELLER).folder().resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[5_000_000] ^= 1;
    Files.write(weights, bytes);
    DamagedModelException error =
        assertThrows(DamagedModelException.class, () -> repository.find(STORYTELLER));
    assertEquals(
        "model storyteller is damaged: model.safetensors has changed; delete the folder "
            + models.resolve("storyteller")
            + " and it will be unpacked again",
        error.getMessage());
    Files.delete(weights);
    error = assertThrows(DamagedModelException.class, () -> open().find(STORYTELLER));
    assertTrue(error.getMessage().contains("model.safetensors is missing"), error.getMessage());
    assertEquals(List.of(), repository.list());
  }

  @Test
  void saysWhatIsWrongWithOtherModels() throws IOException {
    Path folder = copyOfStoryteller("mine");
    Path weights = folder.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(bytes, bytes.length - 1));
    DamagedModelException error =
        assertThrows(DamagedModelException.class, () -> repository.find(ModelName.parse("mine")));
    assertTrue(error.getMessage().startsWith("model mine is damaged: "), error.getMessage());
    assertEquals(1, error.getMessage().lines().count());
    Files.delete(folder.resolve("tokenizer.json"));
    error =
        assertThrows(DamagedModelException.class, () -> repository.find(ModelName.parse("mine")));
    assertTrue(error.getMessage().contains("tokenizer.json is missing"), error.getMessage());
  }

  @Test
  void remembersHashesWhileFilesStayTheSame() throws IOException {
    Path folder = copyOfStoryteller("mine");
    ModelName mine = ModelName.parse("mine");
    ModelManifest before = repository.require(mine).manifest();
    Path weights = folder.resolve("model.safetensors");
    FileTime time = Files.getLastModifiedTime(weights);
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 1] ^= 1;
    Files.write(weights, bytes);
    // Same size, same time: nothing but a fresh computation could tell, so none was made.
    Files.setLastModifiedTime(weights, time);
    assertEquals(before, open().require(mine).manifest());
    Files.setLastModifiedTime(weights, FileTime.fromMillis(time.toMillis() + 1_000));
    assertNotEquals(before, open().require(mine).manifest());
  }

  @Test
  void computesHashesAnewWhenTheMemoryIsDamaged() throws IOException {
    ModelManifest before = repository.require(STORYTELLER).manifest();
    for (String damaged :
        List.of("{\"x\":", "", "null", "{\"x\": null}", "{\"x\": {\"size\": 1}}")) {
      Files.writeString(models.resolve(".hashes.json"), damaged);
      assertEquals(before, open().require(STORYTELLER).manifest());
    }
  }

  @Test
  void takesDefaultsFromTheModel() throws IOException {
    Path folder = copyOfStoryteller("mine");
    ModelName mine = ModelName.parse("mine");
    Path file = folder.resolve("generation_config.json");
    Files.writeString(file, "{\"do_sample\": true, \"eos_token_id\": [5, 4]}");
    assertEquals(
        new GenerationDefaults(1, 50, 1, List.of(4, 5)),
        repository.require(mine).manifest().defaults());
    Files.writeString(file, "{\"temperature\": 0.5}");
    assertEquals(
        new GenerationDefaults(0, 0, 1, List.of(0)),
        repository.require(mine).manifest().defaults());
    Files.delete(file);
    assertEquals(
        new GenerationDefaults(0, 0, 1, List.of(0)),
        repository.require(mine).manifest().defaults());
    Files.writeString(file, "{\"do_sample\": true, \"top_p\": 7}");
    assertThrows(DamagedModelException.class, () -> repository.require(mine));
  }

  @Test
  void describesModelsOfAllFamilies() throws IOException {
    List<String> families = new ArrayList<>();
    for (String name : TinyConfigs.names()) {
      Path folder = Files.createDirectories(models.resolve(name));
      new RandomCheckpoint(TinyConfigs.of(name), DType.BF16, 2, 1).writeTo(folder);
      Files.writeString(folder.resolve("tokenizer.json"), "{}");
      Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [5, 2]}");
      ModelManifest manifest = repository.require(ModelName.parse(name)).manifest();
      assertEquals("bf16", manifest.storedAs(), name);
      assertEquals(List.of(2, 5), manifest.defaults().stopIds(), name);
      assertTrue(new String(manifest.encode(), UTF_8).contains(manifest.family()), name);
      families.add(manifest.family());
    }
    assertEquals(
        List.of("gemma3", "llama", "mixtral", "phi3", "qwen2", "qwen3_moe"),
        families.stream().distinct().sorted().toList());
  }
}
