package io.infernet.discovery.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.DirectoryQuery.Order;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Dozens of nodes, each started with one address, with all of discovery on a virtual network. */
class DirectorySimulationTest {

  private static final Cid RARE = Samples.model(100);

  private final DirectoryWorld world =
      new DirectoryWorld(11, Duration.ofMillis(10), Duration.ofMillis(60));
  private final List<DirectoryWorld.Node> nodes = new ArrayList<>();

  /** Node n serves model n % 10 at price n, and {@link #RARE} besides when it is node 7 or 8. */
  private static Capabilities serves(int n) {
    List<ModelOffer> offers = new ArrayList<>();
    offers.add(Samples.offer(Samples.model(n % 10), n % 2 == 0, n));
    if (n == 7 || n == 8) {
      offers.add(Samples.offer(RARE, true, 10));
    }
    return Samples.capabilities(offers.toArray(ModelOffer[]::new));
  }

  private void startAll(int count) {
    nodes.add(world.node().saying(serves(0)).started());
    for (int n = 1; n < count; n++) {
      nodes.add(world.node().saying(serves(n)).startedWith(nodes.get(0)));
      world.millis(20);
    }
  }

  private List<Integer> numbers(List<CapabilityRecord> records) {
    Map<PeerId, Integer> numbers = new LinkedHashMap<>();
    nodes.forEach(node -> numbers.put(node.id(), node.number - 1));
    return records.stream().map(record -> numbers.get(record.peer())).toList();
  }

  private List<CapabilityRecord> soon(
      CompletableFuture<List<CapabilityRecord>> answer, Duration limit) {
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
  void allSeeOneAnothersModelsWithinSecondsAndForgetWhoDied() {
    startAll(50);
    world.seconds(8);
    for (DirectoryWorld.Node node : nodes) {
      assertEquals(49, node.known().size(), () -> "node " + node.number);
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

    for (int n = 40; n < 50; n++) {
      world.network.kill(nodes.get(n).id());
    }
    world.seconds(100);
    for (DirectoryWorld.Node node : nodes.subList(0, 40)) {
      assertEquals(39, node.known().size(), () -> "node " + node.number);
    }
  }

  @Test
  void aNewcomerFindsWhoServesAModelWithinASecond() {
    startAll(30);
    world.seconds(10);
    for (int i = 0; i < 5; i++) {
      DirectoryWorld.Node client =
          world.node().saying(Samples.capabilities()).startedWith(nodes.get(3));
      while (client.host.connections().isEmpty()) {
        world.time.runNext();
      }
      List<CapabilityRecord> found =
          soon(client.directory.find(DirectoryQuery.of(RARE)), Duration.ofMillis(700));
      assertTrue(!found.isEmpty() && List.of(7, 8).containsAll(numbers(found)));
    }
  }

  @Test
  void findsProvidersThatOnlyTheDhtKnows() {
    startAll(30);
    world.seconds(10);
    // Only the providers themselves answer: nobody else tells of them.
    for (DirectoryWorld.Node node : nodes) {
      if (!List.of(7, 8).contains(node.number - 1)) {
        node.host.unhandle(NetworkName.MAIN.protocol("directory/1.0.0"));
      }
    }
    DirectoryWorld.Node client =
        world.node().saying(Samples.capabilities()).startedWith(nodes.get(0));
    while (client.host.connections().isEmpty()) {
      world.time.runNext();
    }
    List<CapabilityRecord> found =
        soon(client.directory.find(DirectoryQuery.of(RARE)), Duration.ofSeconds(2));

    assertTrue(!found.isEmpty() && List.of(7, 8).containsAll(numbers(found)));
  }

  @Test
  void providersSeeWhatIsWantedInVain() {
    startAll(30);
    world.seconds(8);
    for (int n : List.of(5, 15, 25)) {
      CompletableFuture<List<CapabilityRecord>> answer =
          nodes.get(n).directory.find(DirectoryQuery.of(Samples.model(99)).named("poet"));
      assertEquals(List.of(), soon(answer, Duration.ofSeconds(4)));
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
    assertEquals(List.of(), nodes.get(28).directory.demand());
    assertEquals(
        List.of(9),
        numbers(
            soon(
                nodes.get(5).directory.find(DirectoryQuery.of(Samples.model(99))),
                Duration.ofMillis(10))));
  }

  @Test
  void anOfferReachesEveryWillingProviderOnce() {
    startAll(30);
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
            Optional.empty(),
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
            24,
            world.now().plusSeconds(100),
            world.now().plusSeconds(50),
            List.of("medical"),
            requester.id());
    assertTrue(soonPeers(requester.directory.offer(offer)) > 0);
    soonPeers(requester.directory.offer(offer));
    world.seconds(3);

    // Node 14 refuses such content, and only 4 and 24 are cheap enough.
    assertEquals(
        Map.of(4, List.of(offer), 24, List.of(offer)),
        heard.entrySet().stream()
            .filter(entry -> !entry.getValue().isEmpty())
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
  }

  private int soonPeers(CompletableFuture<Integer> sent) {
    world.time.runDue();
    return sent.join();
  }
}
