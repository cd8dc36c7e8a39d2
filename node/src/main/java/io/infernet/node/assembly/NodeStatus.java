package io.infernet.node.assembly;

import io.infernet.discovery.directory.CapabilityRecord;
import io.infernet.discovery.directory.ModelOffer;
import io.infernet.inference.engine.LoadedModel;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.PeerStore;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.node.NodeVersion;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.http.NodeView;
import io.infernet.verification.receipt.SignedReceipt;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Answers what the API is asked about the node. Safe from any thread. */
final class NodeStatus implements NodeView {

  private final NodeConfig config;
  private final NetworkAssembly network;
  private final InferenceAssembly inference;
  private final JobAssembly jobs;
  private final StorageAssembly stores;
  private final Instant startedAt;

  NodeStatus(
      NodeConfig config,
      NetworkAssembly network,
      InferenceAssembly inference,
      JobAssembly jobs,
      StorageAssembly stores,
      Instant startedAt) {
    this.config = config;
    this.network = network;
    this.inference = inference;
    this.jobs = jobs;
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
        loaded.stream().mapToInt(model -> model.running() + model.waiting()).sum());
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
              jobs
                  .directory()
                  .get(id)
                  .map(record -> record.capabilities().models())
                  .orElse(List.of())
                  .stream()
                  .map(ModelOffer::name)
                  .toList()));
    }
    return List.copyOf(peers.values());
  }

  @Override
  public List<Model> models() {
    Map<Cid, List<ModelOffer>> offers =
        jobs.directory().all().stream()
            .map(CapabilityRecord::capabilities)
            .flatMap(capabilities -> capabilities.models().stream())
            .collect(
                Collectors.groupingBy(
                    ModelOffer::manifest, LinkedHashMap::new, Collectors.toList()));
    Map<ModelManifest, LoadedModel> warm =
        inference.engine().loaded().stream()
            .collect(Collectors.toMap(LoadedModel::manifest, Function.identity(), (a, b) -> a));
    List<Model> models = new ArrayList<>();
    for (InstalledModel installed : inference.models().list()) {
      ModelManifest manifest = installed.manifest();
      List<ModelOffer> others = offers.remove(manifest.cid());
      models.add(
          new Model(
              manifest.name().toString(),
              manifest.cid(),
              inference.engine().contextLength(manifest),
              true,
              warm.containsKey(manifest),
              manifest.size(),
              others == null ? 0 : others.size()));
    }
    offers.forEach(
        (cid, others) ->
            models.add(
                new Model(
                    others.get(0).name(),
                    cid,
                    others.get(0).contextLength(),
                    false,
                    false,
                    0,
                    others.size())));
    return models;
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
