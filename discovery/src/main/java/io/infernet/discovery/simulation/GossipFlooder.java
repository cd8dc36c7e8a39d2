package io.infernet.discovery.simulation;

import io.infernet.discovery.gossip.GossipConfig;
import io.infernet.discovery.gossip.wire.GossipCodec;
import io.infernet.discovery.gossip.wire.GossipRpc;
import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.discovery.gossip.wire.MessageSigner;
import io.infernet.discovery.gossip.wire.PublishedMessage;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.ConnectionListener;
import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualTime;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/** A hostile peer that subscribes and grafts like others, forwards nothing and floods. */
final class GossipFlooder implements ConnectionListener {

  /** The first byte of a content that validators refuse. */
  static final byte REFUSED = 1;

  private static final Duration ROUND = Duration.ofMillis(500);
  private static final int MESSAGES_PER_ROUND = 5;
  private static final int HAVES_PER_ROUND = 5;
  private static final int IDS_PER_HAVE = 100;
  private static final int GRAFTS_PER_ROUND = 20;

  private final VirtualHost host;
  private final MessageSigner signer;
  private final GossipConfig config;
  private final Set<GossipAttack> attacks;
  private final String topic;
  private final VirtualTime time;
  private final RandomGenerator random;
  private final GossipCodec codec;
  private final Map<PeerId, MessageStream<GossipRpc>> streams = new LinkedHashMap<>();

  GossipFlooder(
      VirtualHost host,
      MessageSigner signer,
      GossipConfig config,
      Set<GossipAttack> attacks,
      String topic,
      VirtualTime time,
      RandomGenerator random) {
    this.host = host;
    this.signer = signer;
    this.config = config;
    this.attacks = attacks;
    this.topic = topic;
    this.time = time;
    this.random = random;
    this.codec = new GossipCodec(config.wire());
  }

  void start() {
    config.protocols().forEach(protocol -> host.handle(protocol, this::accept));
    host.addConnectionListener(this);
    time.schedule(ROUND, this::round);
  }

  private void accept(Stream stream) {
    new MessageStream<>(stream, codec, time).listen(new Deaf());
  }

  @Override
  public void onConnected(Connection connection) {
    connection
        .newStream(config.protocols())
        .thenAccept(
            stream -> {
              MessageStream<GossipRpc> out = new MessageStream<>(stream, codec, time);
              out.listen(new Deaf());
              streams.put(connection.remotePeer(), out);
              send(out, GossipRpc.builder().subscribe(topic).graft(topic).build());
            });
  }

  @Override
  public void onDisconnected(Connection connection) {
    streams.remove(connection.remotePeer());
  }

  private void round() {
    GossipRpc.Builder rpc = GossipRpc.builder();
    if (attacks.contains(GossipAttack.INVALID_MESSAGES)) {
      for (int i = 0; i < MESSAGES_PER_ROUND; i++) {
        rpc.message(forged()).message(signer.sign(topic, new byte[] {REFUSED}));
      }
    }
    if (attacks.contains(GossipAttack.IHAVE_FLOOD)) {
      for (int i = 0; i < HAVES_PER_ROUND; i++) {
        rpc.have(topic, invented());
      }
    }
    if (attacks.contains(GossipAttack.GRAFT_FLOOD)) {
      for (int i = 0; i < GRAFTS_PER_ROUND; i++) {
        rpc.graft(topic);
      }
    }
    GossipRpc round = rpc.build();
    streams.values().forEach(stream -> send(stream, round));
    time.schedule(ROUND, this::round);
  }

  private static void send(MessageStream<GossipRpc> stream, GossipRpc rpc) {
    stream.send(rpc).exceptionally(error -> null);
  }

  /** A message whose signature has a wrong end. */
  private PublishedMessage forged() {
    ByteBuffer rpc = codec.encode(GossipRpc.of(signer.sign(topic, new byte[16])));
    int last = rpc.limit() - 1;
    rpc.put(last, (byte) (rpc.get(last) ^ 1));
    try {
      return codec.decode(rpc).messages().get(0);
    } catch (ProtocolViolationException e) {
      throw new IllegalStateException("only the signature is wrong", e);
    }
  }

  private List<MessageId> invented() {
    List<MessageId> ids = new ArrayList<>(IDS_PER_HAVE);
    for (int i = 0; i < IDS_PER_HAVE; i++) {
      byte[] id = new byte[47];
      random.nextBytes(id);
      ids.add(MessageId.of(id));
    }
    return ids;
  }

  /** Hears nothing. */
  private static final class Deaf implements MessageListener<GossipRpc> {
    @Override
    public void onMessage(GossipRpc rpc) {}

    @Override
    public void onRemoteClose() {}

    @Override
    public void onReset(Throwable cause) {}
  }
}
