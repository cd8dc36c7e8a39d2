package io.infernet.inference.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.checkpoint.ModelTask;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class ModelManifestTest {

  private static final ModelFile CONFIG = new ModelFile("config.json", 7, "a".repeat(64));
  private static final ModelFile WEIGHTS = new ModelFile("model.safetensors", 9, "b".repeat(64));

  private static ModelManifest manifest(String name, ModelFile... files) {
    return new ModelManifest(
        ModelName.parse(name),
        "llama",
        "bf16",
        512,
        new GenerationDefaults(0.7, 40, 0.95, List.of(2, 0, 2)),
        List.of(files));
  }

  @Test
  void hasOneSpelling() {
    assertEquals(
        "{\"context\":512,\"family\":\"llama\",\"files\":[{\"path\":\"config.json\",\"sha256\":\""
            + "a".repeat(64)
            + "\",\"size\":7},{\"path\":\"model.safetensors\",\"sha256\":\""
            + "b".repeat(64)
            + "\",\"size\":9}],\"format\":1,\"minP\":0,\"name\":\"m\",\"repetition\":1,\"sampler\":2,\"stop\":[0,2],"
            + "\"stored\":\"bf16\",\"temperature\":0.7,\"topK\":40,\"topP\":0.95,"
            + "\"variant\":\"stored\"}",
        new String(manifest("m", WEIGHTS, CONFIG).encode(), StandardCharsets.UTF_8));
    assertEquals(16, manifest("m", WEIGHTS, CONFIG).size());
  }

  /** Persian has digits of its own, and Java's formatter writes them. */
  @Test
  void hasOneSpellingInAllLanguages() {
    Locale before = Locale.getDefault();
    byte[] usual = manifest("m", WEIGHTS, CONFIG).encode();
    Locale.setDefault(Locale.forLanguageTag("fa-IR"));
    try {
      assertArrayEquals(usual, manifest("m", WEIGHTS, CONFIG).encode());
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void saysItsTaskUnlessThatIsToWrite() {
    ModelManifest writer = manifest("m", WEIGHTS);
    ModelManifest encoder =
        new ModelManifest(
            writer.name(),
            ModelTask.EMBED,
            "bert",
            "fp32",
            512,
            writer.defaults(),
            List.of(WEIGHTS, new ModelFile("1_Pooling/config.json", 3, "c".repeat(64))));
    assertFalse(new String(writer.encode(), StandardCharsets.UTF_8).contains("task"));
    assertTrue(
        new String(encoder.encode(), StandardCharsets.UTF_8).contains(",\"task\":\"embed\","));
    assertEquals(ModelTask.EMBED, encoder.as(ModelName.parse("m:bf16")).task());
  }

  @Test
  void isNamedByItsContent() {
    ModelManifest manifest = manifest("m", CONFIG, WEIGHTS);
    assertEquals(manifest.cid(), manifest("m", WEIGHTS, CONFIG).cid());
    assertNotEquals(manifest.cid(), manifest("m", CONFIG).cid());
    assertNotEquals(manifest.cid(), manifest("n", CONFIG, WEIGHTS).cid());
    assertNotEquals(manifest.cid(), manifest.as(ModelName.parse("m:fp32")).cid());
    assertEquals(manifest.cid(), manifest.as(ModelName.parse("m")).cid());
  }

  @Test
  void refusesWhatCannotBe() {
    assertThrows(IllegalArgumentException.class, () -> manifest("m"));
    assertThrows(IllegalArgumentException.class, () -> manifest("m", CONFIG, CONFIG));
    assertThrows(IllegalArgumentException.class, () -> new ModelFile("../x", 1, "a".repeat(64)));
    assertThrows(IllegalArgumentException.class, () -> new ModelFile("a/../x", 1, "a".repeat(64)));
    assertThrows(IllegalArgumentException.class, () -> new ModelFile("a/b/x", 1, "a".repeat(64)));
    assertThrows(IllegalArgumentException.class, () -> new ModelFile("x", -1, "a".repeat(64)));
    assertThrows(IllegalArgumentException.class, () -> new ModelFile("x", 1, "A".repeat(64)));
    assertThrows(IllegalArgumentException.class, () -> new GenerationDefaults(-1, 0, 1, List.of()));
    assertThrows(
        IllegalArgumentException.class, () -> new GenerationDefaults(Double.NaN, 0, 1, List.of()));
    assertThrows(IllegalArgumentException.class, () -> new GenerationDefaults(1, -1, 1, List.of()));
    assertThrows(IllegalArgumentException.class, () -> new GenerationDefaults(1, 0, 0, List.of()));
  }

  @Test
  void isKnownByNameAloneForBackends() {
    ModelManifest manifest = ModelManifest.ofBackend(ModelName.parse("org/model:1b"));

    assertTrue(manifest.isBackend());
    assertTrue(ModelManifest.isBackend(manifest.cid()));
    assertEquals(manifest.cid(), ModelManifest.ofBackend(ModelName.parse("org/model:1b")).cid());
    assertNotEquals(manifest.cid(), ModelManifest.ofBackend(ModelName.parse("org/model")).cid());
    assertFalse(ModelManifest.isBackend(manifest("m", CONFIG).cid()));
    assertEquals(
        "{\"backend\":\"org/model:1b\",\"format\":1}",
        new String(manifest.encode(), StandardCharsets.UTF_8));
  }
}
