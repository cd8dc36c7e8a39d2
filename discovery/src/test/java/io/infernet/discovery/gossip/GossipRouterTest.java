package io.infernet.discovery.gossip;

import static io.infernet.discovery.gossip.GossipNetwork.TOPIC;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.gossip.GossipNetwork.Node;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GossipRouterTest {

  private final GossipNetwork net = new GossipNetwork();

  @Test
  void bringsAMessageToASubscriberOnce() {
    Node author = net.node().subscribed();
    Node reader = net.node().subscribed();
    net.connect(author, reader.host);
    net.seconds(2);

    assertEquals(Set.of(reader.id()), author.router.subscribers(TOPIC));
    assertEquals(Set.of(reader.id()), author.router.meshPeers(TOPIC));
    assertEquals(1, author.publish("hello").peers());
    net.seconds(5);

    assertEquals(List.of("hello"), reader.read);
    assertEquals(List.of(), author.read);
  }

  @Test
  void bringsAMessageToEverybodyThroughTheMesh() {
    List<Node> nodes = net.clique(20, GossipConfig.defaults());
    for (Node node : nodes) {
      assertTrue(node.router.meshPeers(TOPIC).size() <= 8, "mesh too large");
      assertTrue(node.router.meshPeers(TOPIC).size() >= 3, "mesh too small");
    }
    nodes.get(3).publish("hello");
    net.millis(500);

    for (Node node : nodes) {
      assertEquals(node == nodes.get(3) ? List.of() : List.of("hello"), node.read);
    }
  }
}
