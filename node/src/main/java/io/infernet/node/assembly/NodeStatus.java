package io.infernet.node.assembly;

import io.infernet.discovery.directory.CapabilityRecord;
import io.infernet.discovery.directory.ModelOffer;
import io.infernet.discovery.directory.PriceList;
import io.infernet.inference.checkpoint.ModelTask;
import io.infernet.inference.engine.LoadedModel;
import io.infernet.inference.engine.remote.Backends;
import io.infernet.inference.model.ModelManifest;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.PeerStore;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.node.NodeVersion;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.http.NodeView;
import io.infernet.node.job.OwnCapabilities;
import io.infernet.verification.receipt.SignedReceipt;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Answers what the API is asked about the node. Safe from any thread. */
final class NodeStatus implements NodeView {

  /** Prices are compared by a job of so many tokens. */
  private static final int TYPICAL_TOKENS = 1_000;

  private final NodeConfig config;
  private final NetworkAssembly network;
  private final DiscoveryAssembly discovery;
  private final InferenceAssembly inference;
  private final Backends backends;
  private final StorageAssembly stores;
  private final Instant startedAt;

  /** One peer's offer of a model, and when it said so. */
  private record Heard(ModelOffer offer, Instant at) {}

  NodeStatus(
      NodeConfig config,
      NetworkAssembly network,
      DiscoveryAssembly discovery,
      InferenceAssembly inference,
      Backends backends,
      StorageAssembly stores,
      Instant startedAt) {
    this.config = config;
    this.network = network;
    this.discovery = discovery;
    this.inference = inference;
    this.backends = backends;
    this.stores = stores;
    this.startedAt = startedAt;
  }

  @Override
  public Status status() {
    PeerId self = network.host().peerId();
    List<LoadedModel> loaded = inference.engine().loaded();
    return new Status(
        NodeVersion.number(),
        self,
        config.roles(),
        network.addresses().stream().map(address -> address.withPeer(self)).toList(),
        startedAt,
        (int) network.host().connections().stream().map(Connection::remotePeer).distinct().count(),
        loaded.stream().map(model -> model.manifest().name().toString()).toList(),
        loaded.stream().mapToInt(model -> model.running() + model.waiting()).sum(),
        backends.status(),
        discovery.status());
  }

  @Override
  public List<Peer> peers() {
    Map<PeerId, Peer> peers = new LinkedHashMap<>();
    for (Connection connection : network.host().connections()) {
      PeerId id = connection.remotePeer();
      peers.putIfAbsent(
          id,
          new Peer(
              id,
              connection.remoteAddress(),
              connection.isInitiator(),
              network
                  .host()
                  .peers()
                  .metadata(id)
                  .map(PeerStore.PeerMetadata::agentVersion)
                  .orElse(""),
              discovery.directory().latency(id),
              discovery.directory().get(id)));
    }
    return List.copyOf(peers.values());
  }

  @Override
  public List<Model> models() {
    Map<Cid, List<Heard>> offers = new LinkedHashMap<>();
    for (CapabilityRecord record : discovery.directory().all()) {
      for (ModelOffer offer : record.capabilities().models()) {
        offers
            .computeIfAbsent(offer.manifest(), cid -> new ArrayList<>())
            .add(new Heard(offer, record.timestamp()));
      }
    }
    Map<ModelManifest, LoadedModel> warm =
        inference.engine().loaded().stream()
            .collect(Collectors.toMap(LoadedModel::manifest, Function.identity(), (a, b) -> a));
    List<Model> models = new ArrayList<>();
    // A model as stored stands for its variants, unless they are in memory.
    Set<ModelManifest> here = new LinkedHashSet<>();
    inference.models().list().forEach(installed -> here.add(installed.manifest()));
    warm.keySet().stream().filter(manifest -> !manifest.isBackend()).forEach(here::add);
    for (ModelManifest manifest : here) {
      List<Heard> others = offers.remove(manifest.cid());
      models.add(
          model(
              manifest.name().toString(),
              manifest.cid(),
              inference.engine().contextLength(manifest),
              Optional.of(manifest),
              manifest.isBackend() ? backends.whereabouts(manifest.name()) : Optional.empty(),
              warm.containsKey(manifest),
              others == null ? List.of() : others));
    }
    offers.forEach(
        (cid, others) -> {
          ModelOffer any = others.get(0).offer();
          models.add(
              model(
                  any.name(),
                  cid,
                  any.contextLength(),
                  Optional.empty(),
                  Optional.empty(),
                  false,
                  others));
        });
    return models;
  }

  private static Model model(
      String name,
      Cid cid,
      int contextLength,
      Optional<ModelManifest> installed,
      Optional<String> backend,
      boolean warm,
      List<Heard> others) {
    Set<String> quantizations = new LinkedHashSet<>();
    installed.ifPresent(manifest -> quantizations.add(OwnCapabilities.quantization(manifest)));
    others.forEach(heard -> quantizations.add(heard.offer().quantization()));
    return new Model(
        name,
        // Peers offer only models that write.
        installed.map(ModelManifest::task).orElse(ModelTask.GENERATE).toString(),
        cid,
        contextLength,
        installed.isPresent() && !ModelManifest.isBackend(cid),
        backend,
        warm,
        installed.map(ModelManifest::size).orElse(0L),
        quantizations,
        others.size(),
        (int) others.stream().filter(heard -> heard.offer().warm()).count(),
        others.stream()
            .map(heard -> heard.offer().prices())
            .min(Comparator.comparing((PriceList prices) -> prices.price(TYPICAL_TOKENS))),
        others.stream().map(Heard::at).max(Comparator.naturalOrder()));
  }

  @Override
  public List<LoadedModel> loaded() {
    return inference.engine().loaded();
  }

  @Override
  public Optional<String> trouble() {
    return inference.engine().trouble();
  }

  @Override
  public List<SignedReceipt> newestReceipts(int limit) {
    return stores.receipts().newest(limit);
  }

  @Override
  public Optional<SignedReceipt> receipt(String id) {
    return stores.receipts().get(id);
  }
}
