package io.infernet.discovery.gossip;

import io.infernet.discovery.gossip.wire.GossipCodec;
import io.infernet.discovery.gossip.wire.GossipRpc;
import io.infernet.discovery.gossip.wire.GossipWireLimits;
import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.discovery.gossip.wire.MessageIdFunction;
import io.infernet.discovery.gossip.wire.MessageSigner;
import io.infernet.discovery.gossip.wire.PublishedMessage;
import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Varint;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A peer that says just what a test has it say, and remembers what it hears. */
final class RawPeer {

  /** Wider limits than a router has, so that it can break them. */
  private static final GossipWireLimits WIDE =
      new GossipWireLimits(
          16 << 20, 8 << 20, 1024, 1_000_000, 100_000, 1_000_000, 1_000_000, 640, 1_000, 8 << 10);

  final GossipNetwork net;
  final PrivateKey key;
  final VirtualHost host;
  final MessageSigner signer;

  /** Everything that came, RPC by RPC. */
  final List<GossipRpc> heard = new ArrayList<>();

  private final List<Stream> inbound = new ArrayList<>();
  private Stream stream;

  RawPeer(GossipNetwork net, int identity, ProtocolId... protocols) {
    this(
        net,
        identity,
        Multiaddr.parse("/ip4/10.1." + (identity >> 8 & 255) + "." + (identity & 255) + "/tcp/1"),
        protocols);
  }

  RawPeer(GossipNetwork net, int identity, Multiaddr address, ProtocolId... protocols) {
    this.net = net;
    this.key = TestIdentities.privateKey(identity);
    this.host = net.network.newHost(key.publicKey(), address);
    this.signer = new MessageSigner(key, net.time.clock());
    host.start();
    for (ProtocolId protocol : protocols) {
      host.handle(protocol, this::listen);
    }
  }

  private void listen(Stream in) {
    inbound.add(in);
    new MessageStream<>(in, new GossipCodec(WIDE), net.time)
        .listen(
            new MessageListener<>() {
              @Override
              public void onMessage(GossipRpc rpc) {
                heard.add(rpc);
              }

              @Override
              public void onRemoteClose() {}

              @Override
              public void onReset(Throwable cause) {}
            });
  }

  /** Connects, opens its stream and subscribes to the test's topic. */
  RawPeer join(VirtualHost other) {
    host.connect(other.info());
    net.millis(100);
    open(other);
    say(GossipRpc.builder().subscribe(GossipNetwork.TOPIC).build());
    return this;
  }

  /** Opens a stream to send on. */
  void open(VirtualHost other) {
    var opening =
        host.newStream(other.peerId(), List.of(GossipConfig.MESHSUB_1_2, GossipConfig.FLOODSUB));
    net.millis(100);
    stream = opening.join();
    new MessageStream<>(stream, new GossipCodec(WIDE), net.time)
        .listen(
            new MessageListener<>() {
              @Override
              public void onMessage(GossipRpc rpc) {
                throw new AssertionError("an RPC came on the stream that this peer opened");
              }

              @Override
              public void onRemoteClose() {}

              @Override
              public void onReset(Throwable cause) {}
            });
  }

  /** Sends one RPC, whatever its size, and lets it arrive. */
  void say(GossipRpc rpc) {
    sayQuickly(rpc);
    net.millis(25);
  }

  void sayQuickly(GossipRpc rpc) {
    sayBytes(new GossipCodec(WIDE).encode(rpc));
  }

  void sayBytes(ByteBuffer body) {
    int length = body.remaining();
    ByteBuffer framed = ByteBuffer.allocate(length + 9);
    Varint.write(length, framed);
    stream.send(framed.put(body).flip());
  }

  /** Whether the other side still reads. */
  boolean isHeard() {
    return !stream.closed().isDone();
  }

  /** Ends the streams that the other side opened, as a program does that fails. */
  void resetInbound() {
    List.copyOf(inbound).forEach(Stream::reset);
    inbound.clear();
  }

  /** Stops reading, as a slow program does. */
  void pauseInbound() {
    inbound.forEach(Stream::pauseReading);
  }

  void resumeInbound() {
    inbound.forEach(Stream::resumeReading);
  }

  PublishedMessage message(String text) {
    return signer.sign(GossipNetwork.TOPIC, text.getBytes(StandardCharsets.UTF_8));
  }

  PublishedMessage message(int bytes) {
    return signer.sign(GossipNetwork.TOPIC, new byte[bytes]);
  }

  static MessageId idOf(PublishedMessage message) {
    return MessageIdFunction.DEFAULT.idOf(message);
  }

  PeerId id() {
    return host.peerId();
  }

  // What came.

  private <T> List<T> all(Function<GossipRpc, List<T>> part) {
    List<T> all = new ArrayList<>();
    heard.forEach(rpc -> all.addAll(part.apply(rpc)));
    return all;
  }

  List<GossipRpc.Subscription> subscriptions() {
    return all(GossipRpc::subscriptions);
  }

  List<PublishedMessage> messages() {
    return all(GossipRpc::messages);
  }

  List<String> grafts() {
    return all(GossipRpc::grafts);
  }

  List<GossipRpc.Prune> prunes() {
    return all(GossipRpc::prunes);
  }

  List<MessageId> wants() {
    return all(GossipRpc::wants);
  }

  List<MessageId> dontWants() {
    return all(GossipRpc::dontWants);
  }

  List<MessageId> haves() {
    return all(GossipRpc::haves).stream().flatMap(have -> have.ids().stream()).toList();
  }

  /** The time of a prune's back-off. */
  static Duration backoff(GossipRpc.Prune prune) {
    return prune.backoff().orElseThrow();
  }
}
