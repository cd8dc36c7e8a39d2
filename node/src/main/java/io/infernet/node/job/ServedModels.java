package io.infernet.node.job;

import io.infernet.inference.model.InstalledModel;
import io.infernet.libp2p.multiformats.Cid;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The models that this node serves, by the CID of their manifests. Safe from any thread. */
public final class ServedModels {

  private volatile Map<Cid, InstalledModel> models = Map.of();

  /** Replaces all of them. */
  public void set(List<InstalledModel> served) {
    Map<Cid, InstalledModel> next = new LinkedHashMap<>();
    served.forEach(model -> next.put(model.manifest().cid(), model));
    models = next;
  }

  /** The model whose manifest has that CID. */
  public Optional<InstalledModel> find(Cid manifest) {
    return Optional.ofNullable(models.get(manifest));
  }

  /** In the order in which they were set. */
  public List<InstalledModel> all() {
    return List.copyOf(models.values());
  }
}
