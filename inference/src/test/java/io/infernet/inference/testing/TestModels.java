package io.infernet.inference.testing;

import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.model.FolderModelRepository;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Real models for tests of the real engine. */
public final class TestModels {

  private static final List<String> FILES =
      List.of(
          "1_Pooling/config.json",
          "config.json",
          "config_sentence_transformers.json",
          "generation_config.json",
          "model.safetensors",
          "model-00001-of-00002.safetensors",
          "model-00002-of-00002.safetensors",
          "model.safetensors.index.json",
          "modules.json",
          "sentence_bert_config.json",
          "tokenizer.json",
          "tokenizer_config.json");

  private TestModels() {}

  /** The model of that name and variant: the embedded one, or one of the test resources. */
  public static InstalledModel install(String name, Path home) throws IOException {
    ModelName parsed = ModelName.parse(name);
    Path models = home.resolve("models");
    if (!parsed.name().equals("storyteller")) {
      copy(parsed.name(), models.resolve(parsed.name()));
    }
    return new FolderModelRepository(models, CheckpointLimits.defaults()).require(parsed);
  }

  private static void copy(String name, Path folder) throws IOException {
    if (!Files.exists(folder)) {
      Files.createDirectories(folder);
      for (String file : FILES) {
        try (InputStream in =
            TestModels.class.getResourceAsStream("/io/infernet/inference/" + name + "/" + file)) {
          if (in != null) {
            Files.createDirectories(folder.resolve(file).getParent());
            Files.copy(in, folder.resolve(file));
          }
        }
      }
    }
  }

  /** Settings for tests: one thread, natives shared by all runs of this user. */
  public static EngineConfig config(Path home) {
    return EngineConfig.defaults(home).withThreads(1);
  }
}
