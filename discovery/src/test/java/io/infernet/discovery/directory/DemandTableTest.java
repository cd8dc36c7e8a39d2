package io.infernet.discovery.directory;

import static io.infernet.discovery.directory.Samples.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DemandTableTest {

  private final DemandTable table =
      new DemandTable(
          new DirectoryConfig.Demands(Duration.ofMinutes(5), Duration.ofMinutes(2), 3, 2, 12));

  private boolean ask(int asker, int model, Instant at) {
    return table.add(
        new DemandSignal(Optional.of(Samples.model(model)), "model-" + model, at),
        TestIdentities.peerId(asker),
        at);
  }

  private List<String> wanted(Instant now) {
    return table.list(now).stream().map(Demand::name).toList();
  }

  @Test
  void countsEachAskerOnceInAWhile() {
    assertTrue(ask(1, 1, NOW));
    assertFalse(ask(1, 1, NOW.plusSeconds(299)));
    assertTrue(ask(2, 1, NOW));
    assertTrue(ask(2, 2, NOW));

    assertEquals(List.of("model-1", "model-2"), wanted(NOW));
    Demand most = table.list(NOW).get(0);
    assertEquals(2, most.count(), 1e-9);
    assertEquals(Optional.of(Samples.model(1)), most.manifest());
    assertTrue(ask(1, 1, NOW.plusSeconds(300)));
    assertEquals(2, table.list(NOW.plusSeconds(300)).get(0).count(), 1e-9, "half of 2, and 1");
    assertEquals(NOW.plusSeconds(300), table.list(NOW.plusSeconds(300)).get(0).last());
  }

  @Test
  void forgetsWhatIsNotAskedForAgain() {
    ask(1, 1, NOW);
    assertEquals(0.5, table.list(NOW.plusSeconds(300)).get(0).count(), 1e-9);
    assertEquals(1, table.list(NOW.plusSeconds(1_800)).size());
    assertEquals(0, table.list(NOW.plusSeconds(2_100)).size());
  }

  @Test
  void makesRoomByForgettingTheLeastWanted() {
    ask(1, 1, NOW);
    ask(2, 1, NOW);
    ask(1, 2, NOW);
    ask(1, 3, NOW.plusSeconds(10));
    for (int model = 4; model < 40; model++) {
      ask(3, model, NOW.plusSeconds(20));
    }

    assertEquals(3, table.list(NOW.plusSeconds(20)).size());
    assertEquals("model-1", wanted(NOW.plusSeconds(20)).get(0));
  }

  @Test
  void forgetsWhatSomebodyServes() {
    ask(1, 1, NOW);
    ask(1, 2, NOW);
    table.satisfied(Samples.model(1));

    assertEquals(List.of("model-2"), wanted(NOW));
  }

  @Test
  void tellsModelsWithoutAManifestApartByName() {
    table.add(new DemandSignal(Optional.empty(), "tales", NOW), TestIdentities.peerId(1), NOW);
    table.add(new DemandSignal(Optional.empty(), "poems", NOW), TestIdentities.peerId(1), NOW);

    assertEquals(List.of("tales", "poems"), wanted(NOW));
    assertThrows(IllegalArgumentException.class, () -> new DemandSignal(Optional.empty(), "", NOW));
  }
}
