package io.infernet.discovery.gossip.wire;

import io.infernet.discovery.gossip.wire.GossipRpc.OtherPeer;
import io.infernet.discovery.gossip.wire.GossipRpc.Prune;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** RPCs and messages for tests. */
final class GossipSamples {

  static final Clock CLOCK = Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC);
  static final GossipCodec CODEC = new GossipCodec(GossipWireLimits.defaults());

  private GossipSamples() {}

  static MessageId id(String name) {
    return MessageId.of(name.getBytes(StandardCharsets.UTF_8));
  }

  static PublishedMessage signed(int author, String topic, String data) {
    return new MessageSigner(TestIdentities.privateKey(author), CLOCK)
        .sign(topic, data.getBytes(StandardCharsets.UTF_8));
  }

  static GossipRpc full() {
    return GossipRpc.builder()
        .subscribe("a")
        .unsubscribe("b")
        .message(signed(1, "a", "hello"))
        .have("a", List.of(id("one"), id("two")))
        .want(List.of(id("three")))
        .graft("a")
        .prune(
            new Prune(
                "b",
                List.of(
                    new OtherPeer(TestIdentities.peerId(2), new byte[] {1, 2}),
                    new OtherPeer(TestIdentities.peerId(3), new byte[0])),
                Optional.of(Duration.ofMinutes(1))))
        .dontWant(List.of(id("four")))
        .build();
  }

  static GossipRpc random(RandomGenerator random) {
    GossipRpc.Builder rpc = GossipRpc.builder();
    few(random).forEach(i -> rpc.subscribe(topic(random)).unsubscribe(topic(random)));
    few(random).forEach(i -> rpc.message(message(random)));
    few(random).forEach(i -> rpc.have(topic(random), ids(random)));
    few(random).forEach(i -> rpc.graft(topic(random)));
    few(random).forEach(i -> rpc.prune(prune(random)));
    return rpc.want(ids(random)).dontWant(ids(random)).build();
  }

  private static PublishedMessage message(RandomGenerator random) {
    return PublishedMessage.of(
        maybe(random, 40),
        maybe(random, 2_000),
        maybe(random, 8),
        topic(random),
        maybe(random, 70),
        maybe(random, 40));
  }

  private static Prune prune(RandomGenerator random) {
    List<OtherPeer> peers = new ArrayList<>();
    few(random)
        .forEach(
            i -> peers.add(new OtherPeer(TestIdentities.peerId(i), Property.bytes(random, 100))));
    return new Prune(
        topic(random),
        peers,
        random.nextBoolean()
            ? Optional.of(Duration.ofSeconds(random.nextInt(1_000_000)))
            : Optional.empty());
  }

  private static @Nullable ByteBuffer maybe(RandomGenerator random, int maxLength) {
    return random.nextInt(5) == 0 ? null : ByteBuffer.wrap(Property.bytes(random, maxLength));
  }

  private static List<MessageId> ids(RandomGenerator random) {
    return few(random).mapToObj(i -> MessageId.of(Property.bytes(random, 60))).toList();
  }

  private static String topic(RandomGenerator random) {
    return Property.pick(random, List.of("", "a", "/infernet/offers/1", "ünïcödé"));
  }

  private static IntStream few(RandomGenerator random) {
    return IntStream.range(0, random.nextInt(4));
  }

  static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  static Stream<byte[]> encodedRpcs() {
    return Stream.of(full(), GossipRpc.builder().build()).map(rpc -> bytes(CODEC.encode(rpc)));
  }
}
