package io.infernet.discovery.gossip;

import io.infernet.discovery.gossip.score.PeerScoreParams;
import io.infernet.discovery.gossip.wire.MessageSigner;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.RejectedExecutionException;

/** Gossip routers on a virtual network, with links of 10 ms. */
final class GossipNetwork {

  static final String TOPIC = "/test/1";

  final VirtualTime time = new VirtualTime();
  final VirtualNetwork network = new VirtualNetwork(time, LinkModel.fixed(Duration.ofMillis(10)));
  private int made;

  /** A host with a router that remembers what it reads. */
  final class Node {
    final PrivateKey key = TestIdentities.privateKey(++made);
    final VirtualHost host = network.newHost(key.publicKey());
    final MessageSigner signer = new MessageSigner(key, time.clock());
    final List<String> read = new ArrayList<>();

    /** What other parts of the node think of peers. */
    final Map<PeerId, Double> opinions = new HashMap<>();

    /** Whether the router's executor takes nothing at the moment. */
    boolean overloaded;

    final GossipRouter router;

    Node(GossipConfig config) {
      host.start();
      router = newRouter(config);
    }

    GossipRouter newRouter(GossipConfig config) {
      return new GossipRouter(
          host,
          config,
          signer,
          PeerScoreParams.defaults(),
          peer -> opinions.getOrDefault(peer, 0.0),
          this::execute,
          time,
          time,
          new SplittableRandom(made));
    }

    private void execute(Runnable task) {
      if (overloaded) {
        throw new RejectedExecutionException("overloaded");
      }
      time.execute(task);
    }

    Node started() {
      router.start();
      time.runDue();
      return this;
    }

    Node subscribed() {
      router.subscribe(TOPIC, message -> read.add(text(message)));
      time.runDue();
      return this;
    }

    PublishResult publish(String text) {
      var result = router.publish(TOPIC, text.getBytes(StandardCharsets.UTF_8));
      time.runDue();
      return result.join();
    }

    PeerId id() {
      return host.peerId();
    }
  }

  static String text(GossipMessage message) {
    return new String(message.data(), StandardCharsets.UTF_8);
  }

  Node node() {
    return node(GossipConfig.defaults());
  }

  Node node(GossipConfig config) {
    return new Node(config).started();
  }

  /** Nodes that are subscribed and all connected with each other. */
  List<Node> clique(int size, GossipConfig config) {
    List<Node> nodes = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      Node node = node(config).subscribed();
      nodes.forEach(other -> connect(node, other.host));
      nodes.add(node);
    }
    seconds(3);
    return nodes;
  }

  void connect(Node from, VirtualHost to) {
    from.host.connect(to.info());
    millis(100);
  }

  /** Ends and begins nothing, but lets time pass. */
  void millis(long count) {
    time.advance(Duration.ofMillis(count));
  }

  void seconds(long count) {
    time.advance(Duration.ofSeconds(count));
  }

  static boolean connected(Host one, Host other) {
    return one.connection(other.peerId()).isPresent();
  }
}
