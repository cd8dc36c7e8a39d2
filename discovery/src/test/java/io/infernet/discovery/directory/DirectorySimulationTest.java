package io.infernet.discovery.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.DirectoryQuery.Order;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Fifty nodes, each started with one address, with all of discovery on a virtual network. */
class DirectorySimulationTest {

  private static final int NODES = 50;

  private final DirectoryWorld world =
      new DirectoryWorld(11, Duration.ofMillis(10), Duration.ofMillis(60));
  private final List<DirectoryWorld.Node> nodes = new ArrayList<>();

  /** Node n serves model n % 10 at price n, and model 200 besides when it is node 7 or 8. */
  private static Capabilities serves(int n) {
    List<ModelOffer> offers = new ArrayList<>();
    offers.add(Samples.offer(Samples.model(n % 10), n % 2 == 0, n));
    if (n == 7 || n == 8) {
      offers.add(Samples.offer(Samples.model(100), true, 10));
    }
    return Samples.capabilities(offers.toArray(ModelOffer[]::new));
  }

  private void startAll() {
    nodes.add(world.node().saying(serves(0)).started());
    for (int n = 1; n < NODES; n++) {
      nodes.add(world.node().saying(serves(n)).startedWith(nodes.get(0)));
      world.millis(20);
    }
  }

  private DirectoryWorld.Node newcomer() {
    return world.node().saying(Samples.capabilities()).startedWith(nodes.get(3));
  }

  private List<Integer> numbers(List<CapabilityRecord> records) {
    Map<PeerId, Integer> numbers = new LinkedHashMap<>();
    nodes.forEach(node -> numbers.put(node.id(), node.number - 1));
    return records.stream().map(record -> numbers.get(record.peer())).toList();
  }

  private static List<CapabilityRecord> soon(
      DirectoryWorld world, CompletableFuture<List<CapabilityRecord>> answer, Duration limit) {
    Duration step = Duration.ofMillis(10);
    Duration waited = Duration.ZERO;
    while (!answer.isDone() && waited.compareTo(limit) < 0) {
      world.time.advance(step);
      waited = waited.plus(step);
    }
    assertTrue(answer.isDone(), "no answer within " + limit);
    return answer.join();
  }

  @Test
  void allSeeOneAnothersModelsWithinSeconds() {
    startAll();
    world.seconds(8);

    for (DirectoryWorld.Node node : nodes) {
      assertEquals(NODES - 1, node.known().size(), () -> "node " + node.number);
    }
    assertEquals(
        List.of(4, 14, 24, 34, 44),
        numbers(
            nodes
                .get(21)
                .directory
                .known(
                    DirectoryQuery.of(Samples.model(4))
                        .onlyWarm()
                        .by(Order.CHEAPEST)
                        .heardWithin(Duration.ofMinutes(1)))));
  }

  @Test
  void keepsKnowingThemAndForgetsWhoDied() {
    startAll();
    world.seconds(100);
    assertEquals(NODES - 1, nodes.get(30).known().size());
    for (int n = 40; n < NODES; n++) {
      world.network.kill(nodes.get(n).id());
    }
    world.seconds(95);

    for (DirectoryWorld.Node node : nodes.subList(0, 40)) {
      assertEquals(39, node.known().size(), () -> "node " + node.number);
    }
  }

  @Test
  void aNewcomerFindsWhoServesAModelWithinASecond() {
    startAll();
    world.seconds(20);
    Cid rare = Samples.model(100);
    for (int i = 0; i < 5; i++) {
      DirectoryWorld.Node client = newcomer();
      List<CapabilityRecord> found = List.of();
      for (int tries = 0; found.isEmpty() && tries < 4; tries++) {
        world.millis(100);
        found = soon(world, client.directory.find(DirectoryQuery.of(rare)), Duration.ofMillis(600));
      }
      assertTrue(List.of(7, 8).containsAll(numbers(found)) && !found.isEmpty());
    }
  }

  @Test
  void findsProvidersThatOnlyTheDhtKnows() {
    startAll();
    world.seconds(20);
    // Nobody that a client could ask has heard of the providers.
    DirectoryWorld.Node client = world.node().saying(Samples.capabilities());
    client.gossip.start();
    client.dht.start();
    client.host.connect(nodes.get(0).host.info());
    world.seconds(5);
    nodes.forEach(node -> node.host.unhandle(NetworkName.MAIN.protocol("directory/1.0.0")));
    for (int n : List.of(7, 8)) {
      nodes.get(n).directory.close();
      world.time.runDue();
      nodes.get(n).directory = nodes.get(n).newDirectory();
      nodes.get(n).directory.start();
    }
    client.directory.start();
    List<CapabilityRecord> found =
        soon(
            world,
            client.directory.find(DirectoryQuery.of(Samples.model(100))),
            Duration.ofSeconds(2));

    assertFalse(found.isEmpty());
    assertTrue(List.of(7, 8).containsAll(numbers(found)));
  }

  @Test
  void providersSeeWhatIsWantedInVain() {
    startAll();
    world.seconds(8);
    for (int n : List.of(5, 15, 25)) {
      CompletableFuture<List<CapabilityRecord>> answer =
          nodes.get(n).directory.find(DirectoryQuery.of(Samples.model(99)).named("poet"));
      assertEquals(List.of(), soon(world, answer, Duration.ofSeconds(4)));
    }
    world.seconds(3);

    for (DirectoryWorld.Node node : nodes) {
      List<Demand> wanted = node.directory.demand();
      assertEquals(List.of("poet"), wanted.stream().map(Demand::name).toList());
      assertEquals(3, wanted.get(0).count(), 0.1);
    }
    nodes.get(9).said =
        Samples.capabilities(serves(9).models().get(0), Samples.offer(Samples.model(99), true, 1));
    nodes.get(9).directory.changed();
    world.seconds(3);
    assertEquals(List.of(), nodes.get(40).directory.demand());
    assertEquals(
        List.of(9),
        numbers(
            soon(
                world,
                nodes.get(5).directory.find(DirectoryQuery.of(Samples.model(99))),
                Duration.ofMillis(10))));
  }

  @Test
  void anOfferReachesEveryWillingProviderOnce() {
    startAll();
    Map<Integer, List<JobOffer>> heard = new LinkedHashMap<>();
    for (DirectoryWorld.Node node : nodes) {
      List<JobOffer> list = new ArrayList<>();
      heard.put(node.number - 1, list);
      node.directory.onOffer(list::add);
    }
    nodes.get(14).said =
        new Capabilities(
            List.of(),
            serves(14).models(),
            Capabilities.Load.none(),
            HardwareFingerprint.unknown(),
            java.util.Optional.empty(),
            new ProviderPolicy(List.of("medical")),
            "");
    world.seconds(8);
    DirectoryWorld.Node requester = nodes.get(1);
    JobOffer offer =
        new JobOffer(
            "00112233445566778899aabbccddeeff",
            Samples.model(4),
            "generate",
            1_000,
            34,
            world.now().plusSeconds(100),
            world.now().plusSeconds(50),
            List.of("medical"),
            requester.id());
    assertTrue(soonPeers(requester.directory.offer(offer)) > 0);
    soonPeers(requester.directory.offer(offer));
    world.seconds(3);

    // Node 14 refuses such content, node 44 is too dear.
    assertEquals(
        Map.of(4, List.of(offer), 24, List.of(offer), 34, List.of(offer)),
        heard.entrySet().stream()
            .filter(entry -> !entry.getValue().isEmpty())
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
  }

  private int soonPeers(CompletableFuture<Integer> sent) {
    world.time.runDue();
    return sent.join();
  }
}
