package io.infernet.discovery.gossip.wire;

import static io.infernet.discovery.gossip.wire.GossipSamples.CODEC;
import static io.infernet.discovery.gossip.wire.GossipSamples.bytes;
import static io.infernet.discovery.gossip.wire.GossipSamples.id;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.infernet.discovery.gossip.wire.GossipRpc.OtherPeer;
import io.infernet.discovery.gossip.wire.GossipRpc.Prune;
import io.infernet.discovery.gossip.wire.GossipRpc.Subscription;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.proto.libp2p.PubsubProto;
import io.infernet.proto.libp2p.PubsubProto.ControlIHave;
import io.infernet.proto.libp2p.PubsubProto.ControlIWant;
import io.infernet.proto.libp2p.PubsubProto.ControlMessage;
import io.infernet.proto.libp2p.PubsubProto.ControlPrune;
import io.infernet.proto.libp2p.PubsubProto.RPC;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GossipCodecTest {

  private static final GossipWireLimits SMALL =
      new GossipWireLimits(8 * 1024, 1024, 8, 2, 2, 2, 3, 4, 2, 16);

  private final GossipCodec small = new GossipCodec(SMALL);

  @Test
  void readsAndWritesTheBytesOfJs() throws Exception {
    byte[] bytes = JsVectors.bytes("control.rpc");

    GossipRpc read = CODEC.decode(ByteBuffer.wrap(bytes));

    assertEquals(
        GossipRpc.builder()
            .subscribe("a")
            .unsubscribe("b")
            .have("a", List.of(MessageId.of(new byte[] {1, 2}), MessageId.of(new byte[] {3})))
            .want(List.of(MessageId.of(new byte[] {4})))
            .graft("a")
            .prune(
                new Prune(
                    "b",
                    List.of(
                        new OtherPeer(
                            PeerId.parse(JsVectors.text("control.peer")), new byte[] {9, 9})),
                    Optional.of(Duration.ofSeconds(60))))
            .dontWant(List.of(MessageId.of(new byte[] {5, 6})))
            .build(),
        read);
    assertArrayEquals(bytes, bytes(CODEC.encode(read)));
  }

  @Test
  void keepsTheBytesOfMessages() throws Exception {
    for (String author : JsVectors.AUTHORS) {
      byte[] bytes = JsVectors.bytes(author + ".rpc");
      GossipRpc read = CODEC.decode(ByteBuffer.wrap(bytes));

      assertEquals("greetings", read.messages().get(0).topic());
      assertArrayEquals(bytes, bytes(CODEC.encode(read)));
    }
  }

  @Test
  void agreesWithTheGeneratedClasses() {
    Property.forAll(
        300,
        random -> {
          GossipRpc rpc = GossipSamples.random(random);
          byte[] bytes = bytes(CODEC.encode(rpc));
          RPC generated = RPC.parseFrom(bytes);

          assertEquals(rpc, CODEC.decode(ByteBuffer.wrap(bytes)));
          assertArrayEquals(generated.toByteArray(), bytes);
          assertEquals(rpc.messages().size(), generated.getPublishCount());
          assertEquals(
              rpc.haves().stream().mapToInt(have -> have.ids().size()).sum(),
              generated.getControl().getIhaveList().stream()
                  .mapToInt(ControlIHave::getMessageIDsCount)
                  .sum());
        });
  }

  @Test
  void readsDirectBuffersToo() throws Exception {
    byte[] bytes = bytes(CODEC.encode(GossipSamples.full()));
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();

    GossipRpc read = CODEC.decode(direct);
    for (int i = 0; i < bytes.length; i++) {
      direct.put(i, (byte) 0);
    }

    assertEquals(GossipSamples.full(), read);
  }

  @Test
  void bringsMessagesIntoTheirCanonicalForm() throws Exception {
    // Key, topic twice, data, an unknown field 7, then the author.
    byte[] strange = HexFormat.of().parseHex("3201092201782201611201013a01ff0a0102");
    GossipRpc read = CODEC.decode(rpcWithMessage(strange));

    PublishedMessage message = read.messages().get(0);
    assertEquals("a", message.topic());
    assertEquals("0a0102120101220161320109", HexFormat.of().formatHex(bytes(message.encoded())));
  }

  @Test
  void tellsEmptyFieldsFromMissingOnes() throws Exception {
    PublishedMessage empty = CODEC.decode(rpcWithMessage(new byte[] {0x12, 0})).messages().get(0);
    PublishedMessage missing = CODEC.decode(rpcWithMessage(new byte[0])).messages().get(0);

    assertEquals(2, empty.encodedSize());
    assertEquals(0, missing.encodedSize());
    assertEquals(0, empty.dataSize());
    assertEquals(0, missing.data().remaining());
  }

  @Test
  void leavesOutRecommendedPeersWithoutAnId() throws Exception {
    RPC rpc =
        control(
            c ->
                c.addPrune(
                    ControlPrune.newBuilder()
                        .setTopicID("t")
                        .addPeers(PubsubProto.PeerInfo.newBuilder())
                        .addPeers(
                            PubsubProto.PeerInfo.newBuilder()
                                .setPeerID(
                                    ByteString.copyFrom(TestIdentities.peerId(1).toBytes())))));

    assertEquals(
        List.of(new OtherPeer(TestIdentities.peerId(1), new byte[0])),
        decode(rpc).prunes().get(0).peers());
  }

  @Test
  void takesAnEndlessBackoffForAYear() throws Exception {
    for (long seconds : new long[] {-1, Long.MAX_VALUE}) {
      RPC rpc = control(c -> c.addPrune(ControlPrune.newBuilder().setBackoff(seconds)));
      assertEquals(Optional.of(Duration.ofDays(365)), decode(rpc).prunes().get(0).backoff());
    }
  }

  @Test
  void takesASubscriptionThatSaysNothingForLeaving() throws Exception {
    RPC rpc = RPC.newBuilder().addSubscriptions(RPC.SubOpts.getDefaultInstance()).build();
    assertEquals(List.of(new Subscription("", false)), decode(rpc).subscriptions());
  }

  @Test
  void gathersTheIdsOfSeveralWants() throws Exception {
    ControlIWant want =
        ControlIWant.newBuilder().addMessageIDs(ByteString.copyFromUtf8("a")).build();
    assertEquals(
        List.of(id("a"), id("a")), decode(control(c -> c.addIwant(want).addIwant(want))).wants());
  }

  @Test
  void refusesMoreThanTheLimits() throws Exception {
    GossipRpc.Builder topics = GossipRpc.builder().subscribe("1").subscribe("2");
    small.decode(CODEC.encode(topics.build()));
    refuses(topics.subscribe("3").build());
    refuses(GossipRpc.builder().subscribe("ninechars").build());
    refuses(GossipRpc.builder().graft("ninechars").build());
    refuses(GossipRpc.builder().graft("1").graft("2").graft("3").build());
    PublishedMessage message = GossipSamples.signed(1, "t", "data");
    refuses(GossipRpc.builder().message(message).message(message).message(message).build());
    refuses(GossipRpc.of(GossipSamples.signed(1, "t", "x".repeat(1025))));
    refuses(
        GossipRpc.of(
            PublishedMessage.of(null, null, null, "t", ByteBuffer.allocate(7 * 1024), null)));
    refuses(GossipRpc.builder().have("t", ids(4)).build());
    refuses(GossipRpc.builder().have("t", ids(2)).have("u", ids(2)).build());
    refuses(GossipRpc.builder().want(ids(4)).build());
    refuses(GossipRpc.builder().dontWant(ids(4)).build());
    refuses(GossipRpc.builder().want(List.of(id("five!"))).build());
    Prune prune = new Prune("t", List.of(), Optional.empty());
    refuses(GossipRpc.builder().prune(prune).prune(prune).prune(prune).build());
    OtherPeer peer = new OtherPeer(TestIdentities.peerId(1), new byte[0]);
    refuses(
        GossipRpc.builder()
            .prune(new Prune("t", List.of(peer, peer, peer), Optional.empty()))
            .build());
    OtherPeer longWinded = new OtherPeer(TestIdentities.peerId(1), new byte[17]);
    refuses(
        GossipRpc.builder().prune(new Prune("t", List.of(longWinded), Optional.empty())).build());
    ControlIWant want = ControlIWant.getDefaultInstance();
    RPC manyWants = control(c -> c.addIwant(want).addIwant(want).addIwant(want));
    assertThrows(
        ProtocolViolationException.class,
        () -> small.decode(ByteBuffer.wrap(manyWants.toByteArray())));
  }

  @Test
  void stopsAtTheFirstElementTooMany() {
    byte[] halfAMillion = new byte[1 << 20];
    for (int i = 0; i < halfAMillion.length; i += 2) {
      halfAMillion[i] = 0x12;
    }
    ProtocolViolationException refused =
        assertThrows(
            ProtocolViolationException.class, () -> CODEC.decode(ByteBuffer.wrap(halfAMillion)));
    assertTrue(refused.getMessage().startsWith("1001 messages"), refused.getMessage());
  }

  @Test
  void refusesWhatIsNoProtobuf() {
    for (String hex :
        List.of(
            "12", // no length
            "1205", // cut short
            "12020a05", // inner length beyond the outer
            "0a041202c328", // not UTF-8
            "0c", // a group ends
            "00", // field 0
            "12ffffffffff01")) { // an absurd length
      assertThrows(
          ProtocolViolationException.class,
          () -> CODEC.decode(ByteBuffer.wrap(HexFormat.of().parseHex(hex))),
          hex);
    }
  }

  private void refuses(GossipRpc rpc) {
    assertThrows(
        ProtocolViolationException.class, () -> small.decode(CODEC.encode(rpc)), rpc.toString());
  }

  private static List<MessageId> ids(int count) {
    return IntStream.range(0, count).mapToObj(i -> id("i" + i)).toList();
  }

  private static GossipRpc decode(RPC rpc) throws ProtocolViolationException {
    return CODEC.decode(ByteBuffer.wrap(rpc.toByteArray()));
  }

  private static RPC control(UnaryOperator<ControlMessage.Builder> fill) {
    return RPC.newBuilder().setControl(fill.apply(ControlMessage.newBuilder())).build();
  }

  private static ByteBuffer rpcWithMessage(byte[] message) {
    return ByteBuffer.allocate(2 + message.length)
        .put((byte) 0x12)
        .put((byte) message.length)
        .put(message)
        .flip();
  }
}
