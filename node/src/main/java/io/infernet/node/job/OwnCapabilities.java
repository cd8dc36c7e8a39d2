package io.infernet.node.job;

import io.infernet.discovery.directory.Capabilities;
import io.infernet.discovery.directory.HardwareFingerprint;
import io.infernet.discovery.directory.ModelOffer;
import io.infernet.discovery.directory.PriceList;
import io.infernet.discovery.directory.ProviderPolicy;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.engine.LoadedModel;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import io.infernet.inference.model.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** What this node says of itself in the directory: what it serves, and how busy it is. */
public final class OwnCapabilities implements Supplier<Capabilities> {

  private final ServedModels models;
  private final InferenceEngine engine;
  private final PriceList prices;
  private final List<String> roles;
  private final Supplier<HardwareFingerprint> hardware;
  private final Optional<String> region;
  private final ProviderPolicy policy;
  private final String agent;

  /**
   * @param models what is served; nothing when this node is no provider
   * @param roles such as {@code provider}
   * @param hardware what is known of this machine by now; must not block
   */
  public OwnCapabilities(
      ServedModels models,
      InferenceEngine engine,
      PriceList prices,
      List<String> roles,
      Supplier<HardwareFingerprint> hardware,
      Optional<String> region,
      ProviderPolicy policy,
      String agent) {
    this.models = models;
    this.engine = engine;
    this.prices = prices;
    this.roles = List.copyOf(roles);
    this.hardware = hardware;
    this.region = region;
    this.policy = policy;
    this.agent = agent;
  }

  /** The numbers that a model is computed with. */
  public static String quantization(ModelManifest manifest) {
    return manifest.name().variant().map(Variant::toString).orElse(manifest.storedAs());
  }

  @Override
  public Capabilities get() {
    Map<ModelManifest, LoadedModel> warm =
        engine.loaded().stream()
            .collect(Collectors.toMap(LoadedModel::manifest, loaded -> loaded, (a, b) -> a));
    List<ModelOffer> offers = new ArrayList<>();
    for (InstalledModel model : models.all()) {
      ModelManifest manifest = model.manifest();
      offers.add(
          new ModelOffer(
              model.name().toString(),
              manifest.cid(),
              quantization(manifest),
              warm.containsKey(manifest),
              engine.contextLength(manifest),
              prices));
    }
    int running = warm.values().stream().mapToInt(m -> m.running() + m.waiting()).sum();
    int slots = warm.values().stream().mapToInt(LoadedModel::slots).sum();
    return new Capabilities(
        roles,
        offers,
        new Capabilities.Load(running, slots),
        hardware.get(),
        region,
        policy,
        agent);
  }
}
