package io.infernet.discovery.gossip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.gossip.wire.GossipCodec;
import io.infernet.discovery.gossip.wire.GossipRpc;
import io.infernet.discovery.gossip.wire.GossipWireLimits;
import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Varint;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RpcSenderTest {

  private final GossipWireLimits limits = GossipWireLimits.defaults();
  private final GossipCodec codec = new GossipCodec(limits);
  private final RpcSender sender = new RpcSender(codec, peer -> {});

  private List<GossipRpc> sent(GossipRpc rpc) throws ProtocolViolationException {
    List<GossipRpc> sent = new ArrayList<>();
    for (ByteBuffer frame : sender.frames(rpc)) {
      ByteBuffer bytes = frame.duplicate();
      long length = Varint.decode(bytes);
      assertEquals(length, bytes.remaining());
      assertTrue(length <= limits.maxRpcSize());
      sent.add(codec.decode(bytes));
    }
    return sent;
  }

  private static List<MessageId> ids(int count, int length) {
    List<MessageId> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ids.add(MessageId.of(ByteBuffer.allocate(length).putInt(i).array()));
    }
    return ids;
  }

  @Test
  void sendsWhatFitsInOnePiece() throws ProtocolViolationException {
    GossipRpc rpc = GossipRpc.builder().subscribe("a").graft("a").want(ids(5_000, 40)).build();

    assertEquals(List.of(rpc), sent(rpc));
  }

  @Test
  void dividesWhatIsTooMuchForOneRpcAndLosesNothing() throws ProtocolViolationException {
    GossipRpc.Builder builder = GossipRpc.builder();
    List<String> topics = new ArrayList<>();
    for (int i = 0; i < 2_500; i++) {
      topics.add("topic " + i);
      builder.subscribe("topic " + i).graft("topic " + i);
    }
    builder.have("topic", ids(12_000, 40)).want(ids(7_000, 600)).dontWant(ids(11_000, 40));
    List<GossipRpc> sent = sent(builder.build());

    assertTrue(sent.size() > 4, () -> sent.size() + " pieces");
    assertEquals(
        topics,
        sent.stream()
            .flatMap(rpc -> rpc.subscriptions().stream())
            .map(GossipRpc.Subscription::topic)
            .toList());
    assertEquals(topics, sent.stream().flatMap(rpc -> rpc.grafts().stream()).toList());
    assertEquals(
        ids(12_000, 40),
        sent.stream()
            .flatMap(rpc -> rpc.haves().stream())
            .flatMap(have -> have.ids().stream())
            .toList());
    assertEquals(ids(7_000, 600), sent.stream().flatMap(rpc -> rpc.wants().stream()).toList());
    assertEquals(ids(11_000, 40), sent.stream().flatMap(rpc -> rpc.dontWants().stream()).toList());
  }

  @Test
  void refusesWhatCannotBeDivided() {
    GossipRpc rpc = GossipRpc.builder().want(ids(1, 2 << 20)).build();

    assertThrows(IllegalStateException.class, () -> sender.frames(rpc));
  }
}
