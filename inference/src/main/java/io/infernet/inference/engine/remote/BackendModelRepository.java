package io.infernet.inference.engine.remote;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.model.ModelRepository;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The models on this machine's disk, then those of its backends. Where both have a name, the one on
 * the disk is meant. Safe from any thread.
 */
public final class BackendModelRepository implements ModelRepository {

  private final ModelRepository own;
  private final Backends backends;

  public BackendModelRepository(ModelRepository own, Backends backends) {
    this.own = requireNonNull(own, "own is null");
    this.backends = requireNonNull(backends, "backends is null");
  }

  @Override
  public List<InstalledModel> list() {
    List<InstalledModel> all = new ArrayList<>(own.list());
    Set<ModelName> taken = all.stream().map(InstalledModel::name).collect(Collectors.toSet());
    for (BackendModel model : backends.models()) {
      if (!taken.contains(model.name())) {
        all.add(InstalledModel.ofBackend(model.name()));
      }
    }
    return List.copyOf(all);
  }

  @Override
  public Optional<InstalledModel> find(ModelName name) {
    return own.find(name)
        .or(() -> backends.find(name).map(model -> InstalledModel.ofBackend(model.name())));
  }
}
