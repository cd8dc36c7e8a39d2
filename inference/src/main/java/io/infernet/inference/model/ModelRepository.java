package io.infernet.inference.model;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The models on this machine's disk. Safe from any thread; calls may read files. */
public interface ModelRepository {

  /** All installed models as stored, by name; damaged ones are left out and logged. */
  List<InstalledModel> list();

  /**
   * The model of that name and variant.
   *
   * @return empty when nothing of that name is installed
   * @throws io.infernet.inference.checkpoint.DamagedModelException when its files are not what they
   *     should be
   * @throws io.infernet.inference.checkpoint.UnsupportedModelException when this version cannot run
   *     it, or not in that variant
   */
  Optional<InstalledModel> find(ModelName name);

  /**
   * Like {@link #find}, for callers that need the model.
   *
   * @throws ModelNotFoundException when it is not installed
   */
  default InstalledModel require(ModelName name) {
    return find(name)
        .orElseThrow(
            () ->
                new ModelNotFoundException(
                    name,
                    list().stream()
                        .map(model -> model.name().toString())
                        .collect(Collectors.joining(", "))));
  }
}
