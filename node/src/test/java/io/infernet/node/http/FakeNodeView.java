package io.infernet.node.http;

import io.infernet.discovery.directory.Capabilities;
import io.infernet.discovery.directory.CapabilityRecord;
import io.infernet.discovery.directory.Demand;
import io.infernet.discovery.directory.Gpu;
import io.infernet.discovery.directory.HardwareFingerprint;
import io.infernet.discovery.directory.ModelOffer;
import io.infernet.discovery.directory.NetworkName;
import io.infernet.discovery.directory.PriceList;
import io.infernet.discovery.directory.ProviderPolicy;
import io.infernet.discovery.kad.KadMode;
import io.infernet.discovery.kad.KadStatus;
import io.infernet.inference.engine.remote.BackendKind;
import io.infernet.inference.engine.remote.BackendModel;
import io.infernet.inference.engine.remote.BackendStatus;
import io.infernet.inference.model.ModelName;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.node.config.Role;
import io.infernet.verification.receipt.SignedReceipt;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/** A node with one peer and one model. */
final class FakeNodeView implements NodeView {

  static final PeerId SELF = FakeChatService.SECOND;

  private static final CapabilityRecord RECORD =
      new CapabilityRecord(
          FakeChatService.FIRST,
          NetworkName.MAIN,
          1,
          Instant.EPOCH,
          List.of(),
          new Capabilities(
              List.of("provider"),
              List.of(
                  new ModelOffer(
                      "storyteller", FakeChatService.MODEL, "bf16", true, 512, PriceList.free())),
              new Capabilities.Load(1, 4),
              new HardwareFingerprint(
                  "", 8, 0, List.of(new Gpu(Gpu.Vendor.NVIDIA, "H200", 141L << 30, "", 1))),
              Optional.of("eu"),
              ProviderPolicy.open(),
              "infernet/1.2.3"));

  @Override
  public Status status() {
    return new Status(
        "1.2.3",
        SELF,
        Set.of(Role.PROVIDER, Role.CLIENT),
        List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/1")),
        Instant.EPOCH,
        1,
        List.of("storyteller"),
        0,
        List.of(
            new BackendStatus(
                URI.create("http://127.0.0.1:11434"),
                false,
                Optional.of(BackendKind.OLLAMA),
                true,
                "",
                List.of(
                    new BackendModel(ModelName.parse("llama3.2:1b"), "llama3.2:1b", 7, true, 0)),
                0)),
        new Network(
            "main",
            new KadStatus(KadMode.SERVER, 2, List.of(1, 1), OptionalDouble.of(3.2), 1, 4, 5, 0),
            Map.of("/infernet/heartbeats/1", new Topic(2, 1)),
            OptionalInt.of(1),
            2,
            7,
            List.of(new Demand(Optional.of(FakeChatService.MODEL), "rare", 1.26, Instant.EPOCH))));
  }

  @Override
  public List<Peer> peers() {
    return List.of(
        new Peer(
            FakeChatService.FIRST,
            Multiaddr.parse("/ip4/127.0.0.1/tcp/2"),
            true,
            "infernet/1.2.3",
            Optional.of(Duration.ofNanos(1_234_000)),
            Optional.of(RECORD)));
  }

  @Override
  public List<Model> models() {
    return List.of(
        new Model(
            "storyteller",
            "generate",
            FakeChatService.MODEL,
            512,
            true,
            Optional.empty(),
            true,
            1000,
            Set.of("bf16"),
            1,
            1,
            Optional.of(new PriceList(1, 2)),
            Optional.of(Instant.EPOCH)));
  }

  @Override
  public List<SignedReceipt> newestReceipts(int limit) {
    return List.of();
  }

  @Override
  public Optional<SignedReceipt> receipt(String id) {
    return Optional.empty();
  }
}
