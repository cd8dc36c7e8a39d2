package io.infernet.inference.testing;

import io.infernet.inference.checkpoint.ModelTask;
import io.infernet.inference.model.GenerationDefaults;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelFile;
import io.infernet.inference.model.ModelManifest;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.model.ModelRepository;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Models that exist only as manifests. */
public final class FakeModels {

  private FakeModels() {}

  /** A model of that name, {@code NAME} or {@code NAME:VARIANT}, with a context of 512 tokens. */
  public static InstalledModel installed(String name) {
    ModelManifest manifest =
        new ModelManifest(
            ModelName.parse(name),
            "llama",
            "bf16",
            512,
            new GenerationDefaults(0.7, 40, 0.95, List.of(0)),
            List.of(new ModelFile("model.safetensors", 1_000, "0".repeat(64))));
    return new InstalledModel(manifest, Path.of("models", name));
  }

  /** A model of that name that reads texts. */
  public static InstalledModel encoder(String name, ModelTask task) {
    ModelManifest manifest = installed(name).manifest();
    return new InstalledModel(
        new ModelManifest(
            manifest.name(),
            task,
            "bert",
            "fp32",
            manifest.contextLength(),
            new GenerationDefaults(0, 0, 1, List.of()),
            manifest.files()),
        Path.of("models", name));
  }

  /** A repository that holds just these models. */
  public static ModelRepository repository(String... names) {
    return repository(Arrays.stream(names).map(FakeModels::installed).toList());
  }

  /** The same. */
  public static ModelRepository repository(List<InstalledModel> models) {
    return new ModelRepository() {
      @Override
      public List<InstalledModel> list() {
        return models;
      }

      @Override
      public Optional<InstalledModel> find(ModelName name) {
        return models.stream()
            .filter(model -> model.name().name().equals(name.name()))
            .findFirst()
            .map(model -> new InstalledModel(model.manifest().as(name), model.folder()));
      }
    };
  }
}
