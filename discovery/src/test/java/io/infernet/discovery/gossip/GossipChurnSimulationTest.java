package io.infernet.discovery.gossip;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.infernet.discovery.gossip.GossipNetwork.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A network whose nodes come and go. */
class GossipChurnSimulationTest {

  private static final long SEED = 11;

  private final GossipNetwork net = new GossipNetwork();
  private final SplittableRandom random = new SplittableRandom(SEED);
  private final List<Node> nodes = new ArrayList<>();

  private void add() {
    Node node = net.node().subscribed();
    for (int i = 0; i < 6 && !nodes.isEmpty(); i++) {
      node.host.connect(nodes.get(random.nextInt(nodes.size())).host.info());
    }
    nodes.add(node);
  }

  @Test
  void reachesEverybodyWhoIsThereWhileNodesComeAndGo() {
    for (int i = 0; i < 40; i++) {
      add();
    }
    net.seconds(5);
    for (int round = 0; round < 5; round++) {
      for (int i = 0; i < 6; i++) {
        Node gone = nodes.remove(random.nextInt(nodes.size()));
        net.network.kill(gone.id());
      }
      for (int i = 0; i < 6; i++) {
        add();
      }
      net.seconds(2);
      String text = "round " + round;
      Node author = nodes.get(random.nextInt(nodes.size()));
      author.publish(text);
      net.seconds(6);

      for (Node node : nodes) {
        if (node != author) {
          assertEquals(
              1, node.read.stream().filter(text::equals).count(), () -> text + ", seed " + SEED);
        }
      }
    }
  }
}
