package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.ModelTask;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.inference.encoding.Encoder;
import io.infernet.inference.model.FolderModelRepository;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.testing.TestModels;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.inference.tokenizer.TypedTokens;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScriptEncoderTest {

  private static final String RESOURCES = "/io/infernet/inference/torchscript/";

  @TempDir Path home;

  private InstalledModel install(String name, String descriptor) throws IOException {
    Path folder = home.resolve("models").resolve(name);
    Files.createDirectories(folder);
    Path bert = TestModels.install("tiny-bert", home).folder();
    Files.copy(bert.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    try (InputStream in = getClass().getResourceAsStream(RESOURCES + name + ".pt")) {
      Files.copy(in, folder.resolve("model.pt"));
    }
    Files.writeString(folder.resolve("torchscript.json"), descriptor.replace('\'', '"'));
    return new FolderModelRepository(home.resolve("models"), CheckpointLimits.defaults())
        .require(ModelName.parse(name));
  }

  private Encoder load(InstalledModel model) {
    return new DjlEncoderLoader(TestModels.config(home), CheckpointLimits.defaults()).load(model);
  }

  private static JsonNode expected() throws IOException {
    try (InputStream in =
        ScriptEncoderTest.class.getResourceAsStream(RESOURCES + "expected.json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  private static List<TypedTokens> texts(JsonNode ids) {
    List<TypedTokens> texts = new ArrayList<>();
    for (JsonNode text : ids) {
      List<Integer> tokens = new ArrayList<>();
      text.forEach(id -> tokens.add(id.asInt()));
      texts.add(TypedTokens.single(TokenIds.of(tokens)));
    }
    return texts;
  }

  private static void assertRows(JsonNode expected, List<float[]> rows) {
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i).size(), rows.get(i).length);
      for (int k = 0; k < rows.get(i).length; k++) {
        assertEquals(expected.get(i).get(k).asDouble(), rows.get(i)[k], 1e-5);
      }
    }
  }

  @Test
  void computesWhatPyTorchDoesWithAScriptedModule() throws IOException {
    InstalledModel model =
        install(
            "embedder",
            "{'task': 'embed', 'output': 'last_hidden_state', 'pooling': 'mean',"
                + " 'normalize': true, 'vocab_size': 2000, 'max_tokens': 64, 'dimensions': 12}");
    assertEquals(ModelTask.EMBED, model.manifest().task());
    assertEquals("torchscript", model.manifest().storedAs());
    assertEquals(3, model.manifest().files().size());
    try (Encoder encoder = load(model)) {
      List<TypedTokens> texts = texts(expected().path("ids"));
      assertRows(expected().path("vectors"), encoder.encode(texts));
      List<TypedTokens> mixed = new ArrayList<>(texts);
      mixed.add(1, TypedTokens.single(TokenIds.of(8, 9)));
      List<float[]> rows = encoder.encode(mixed);
      assertRows(expected().path("vectors"), List.of(rows.get(0), rows.get(2)));
      assertEquals(64, encoder.contextLength());
    }
  }

  @Test
  void computesWhatPyTorchDoesWithATracedModule() throws IOException {
    InstalledModel model =
        install(
            "classifier",
            "{'task': 'classify', 'inputs': ['input_ids'], 'output': 1, 'vocab_size': 2000,"
                + " 'max_tokens': 64, 'id2label': {'0': 'a', '1': 'b', '2': 'c'}}");
    assertEquals(ModelTask.CLASSIFY, model.manifest().task());
    try (Encoder encoder = load(model)) {
      assertRows(expected().path("logits"), encoder.encode(texts(expected().path("ids"))));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'output': 'nothing', 'pooling': 'mean'",
        "'output': 0, 'pooling': 'mean'",
        "'output': 'last_hidden_state'",
        "'output': 'last_hidden_state', 'pooling': 'mean', 'dimensions': 11",
        "'inputs': ['input_ids'], 'output': 'last_hidden_state', 'pooling': 'mean'"
      })
  void refusesAModelThatDoesNotDoWhatItsDescriptorSays(String options) throws IOException {
    InstalledModel model =
        install(
            "embedder", "{'task': 'embed', 'vocab_size': 2000, 'max_tokens': 64, " + options + "}");
    assertThrows(UnsupportedModelException.class, () -> load(model));
  }

  @Test
  void saysWhatAScriptSaysOfATextThatItDoesNotTake() throws IOException {
    InstalledModel model =
        install(
            "classifier",
            "{'task': 'embed', 'inputs': ['input_ids'], 'vocab_size': 2000, 'max_tokens': 64}");
    Path archive = model.folder().resolve("model.pt");
    Files.delete(archive);
    new TorchScriptArchive(
            """
            class Model(Module):
              __parameters__ = []
              __buffers__ = []
              training : bool
              def forward(self: __torch__.Model,
                ids: Tensor) -> Tensor:
                if torch.gt(torch.size(ids, 1), 4):
                  ops.prim.RaiseException("five are too many", "builtins.ValueError")
                return torch.to(ids, 6)
            """)
        .write(archive);
    try (Encoder encoder = load(model)) {
      assertEquals(2, encoder.encode(List.of(TypedTokens.single(TokenIds.of(8, 9)))).get(0).length);
      List<TypedTokens> tooLong = List.of(TypedTokens.single(TokenIds.of(1, 2, 3, 4, 5)));
      Exception refusal =
          assertThrows(UnsupportedModelException.class, () -> encoder.encode(tooLong));
      assertTrue(refusal.getMessage().contains("five are too many"), refusal.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'task': 'generate', 'vocab_size': 2000, 'max_tokens': 64}",
        "{'task': 'embed', 'vocab_size': 2000, 'max_tokens': 64, 'temperature': 1}",
        "{'task': 'embed', 'vocab_size': 2000}",
        "{'task': 'dream', 'vocab_size': 2000, 'max_tokens': 64}",
        "{'task': 'embed', 'vocab_size': 2000, 'max_tokens': 64, 'inputs': ['images']}",
        "{'task': 'embed', 'vocab_size': 2000, 'max_tokens': 64, 'inputs': ['attention_mask']}",
        "{'task': 'embed', 'vocab_size': 2000, 'max_tokens': 64, 'output': -1}"
      })
  void refusesDescriptorsItDoesNotUnderstand(String descriptor) {
    assertThrows(RuntimeException.class, () -> install("embedder", descriptor));
  }

  @Test
  void refusesVariants() throws IOException {
    install("embedder", "{'task': 'embed', 'vocab_size': 2000, 'max_tokens': 64}");
    InstalledModel variant =
        new FolderModelRepository(home.resolve("models"), CheckpointLimits.defaults())
            .require(ModelName.parse("embedder:bf16"));
    UnsupportedModelException e =
        assertThrows(UnsupportedModelException.class, () -> load(variant));
    assertTrue(e.getMessage().contains("without a variant"), e.getMessage());
  }
}
