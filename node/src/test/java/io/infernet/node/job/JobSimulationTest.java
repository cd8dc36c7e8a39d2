package io.infernet.node.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.node.job.JobWorld.Node;
import io.infernet.verification.receipt.ReceiptVerdict;
import io.infernet.verification.receipt.ReceiptVerifier;
import io.infernet.verification.receipt.SignedReceipt;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many jobs while providers die, freeze, lose their connections, fail and come. */
class JobSimulationTest {

  private static final int JOBS = 40;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void answersEverythingRightWhateverHappensToProviders(long seed) {
    JobWorld world = new JobWorld(seed);
    Node client = world.node();
    client.engine.script(JobWorld.script());
    List<Node> alive = new ArrayList<>();
    Set<Node> frozen = new LinkedHashSet<>();
    for (int i = 0; i < 5; i++) {
      alive.add(world.provider());
    }
    client.connect(alive.toArray(Node[]::new));
    NetworkChatService chat = client.chat(Optional.of(client.engine));

    List<ChatJob> jobs = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    while (jobs.size() < JOBS) {
      int length = 1 + world.random.nextInt(150);
      String prompt = "Job " + jobs.size();
      jobs.add(chat.start(JobWorld.request(prompt, jobs.size(), length).build()));
      expected.add(JobWorld.CODEC.decode(JobWorld.expected(prompt, jobs.size() - 1, length)));
      world.time.advance(Duration.ofMillis(world.random.nextInt(400)));
      disturb(world, client, alive, frozen);
    }
    frozen.forEach(node -> world.network.resume(node.id()));

    int remote = 0;
    for (int i = 0; i < JOBS; i++) {
      ChatResult result = world.await(jobs.get(i).result(), Duration.ofMinutes(5));
      assertEquals(expected.get(i), result.text(), "job " + i + ", seed " + seed);
      remote += result.provider().local() ? 0 : 1;
    }
    world.time.advance(Duration.ofMinutes(2));

    assertTrue(remote > 0, "seed " + seed);
    assertEquals(List.of(), chat.running(), "seed " + seed);
    assertEquals(0, client.engine.running(), "seed " + seed);
    for (Node node : alive) {
      assertEquals(0, node.provider.running(), "seed " + seed);
      assertEquals(0, node.engine.running(), "seed " + seed);
    }
    for (SignedReceipt receipt : client.receipts.newest(JOBS)) {
      assertEquals(
          new ReceiptVerdict.Valid(), new ReceiptVerifier().verify(receipt), "seed " + seed);
    }
  }

  private static void disturb(JobWorld world, Node client, List<Node> alive, Set<Node> frozen) {
    if (alive.isEmpty()) {
      return;
    }
    Node victim = alive.get(world.random.nextInt(alive.size()));
    switch (world.random.nextInt(8)) {
      case 0 -> {
        world.network.kill(victim.id());
        alive.remove(victim);
        frozen.remove(victim);
        Node fresh = world.provider();
        alive.add(fresh);
        client.host.connect(fresh.host.info());
      }
      case 1 -> {
        world.network.stall(victim.id());
        frozen.add(victim);
      }
      case 2 -> {
        frozen.forEach(node -> world.network.resume(node.id()));
        frozen.clear();
      }
      case 3 -> {
        world.network.disconnect(client.id(), victim.id());
        client.host.connect(victim.host.info());
      }
      case 4 -> victim.engine.script(JobWorld.script().withFailAfter(world.random.nextInt(20)));
      case 5 -> victim.engine.script(JobWorld.script());
      default -> {}
    }
  }
}
