package io.infernet.node.http;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.node.config.Role;
import io.infernet.verification.receipt.SignedReceipt;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A node with one peer and one model. */
final class FakeNodeView implements NodeView {

  static final PeerId SELF = FakeChatService.SECOND;

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
        0);
  }

  @Override
  public List<Peer> peers() {
    return List.of(
        new Peer(
            FakeChatService.FIRST,
            Multiaddr.parse("/ip4/127.0.0.1/tcp/2"),
            true,
            "infernet/1.2.3",
            List.of("storyteller")));
  }

  @Override
  public List<Model> models() {
    return List.of(new Model("storyteller", FakeChatService.MODEL, 512, true, true, 1000, 1));
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
