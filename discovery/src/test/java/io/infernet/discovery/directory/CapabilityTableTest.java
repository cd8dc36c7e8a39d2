package io.infernet.discovery.directory;

import static io.infernet.discovery.directory.Samples.MODEL;
import static io.infernet.discovery.directory.Samples.NOW;
import static io.infernet.discovery.directory.Samples.record;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.CapabilityTable.Outcome;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CapabilityTableTest {

  private final CapabilityTable table = new CapabilityTable(config(4_096, 64));

  private static DirectoryConfig config(int maxTable, int maxPerSource) {
    DirectoryConfig usual = DirectoryConfig.defaults();
    return new DirectoryConfig(
        usual.limits(),
        usual.refreshInterval(),
        usual.queryTimeout(),
        usual.recordLifetime(),
        usual.maxFuture(),
        usual.ownRecordAge(),
        usual.announceInterval(),
        maxTable,
        maxPerSource,
        usual.maxAsksPerMinute());
  }

  private static PeerId peer(int n) {
    return TestIdentities.peerId(n);
  }

  @Test
  void keepsTheNewestWordOfEachPeer() {
    assertEquals(Outcome.ADDED, table.add(record(1, 5, NOW), peer(1), NOW));
    assertEquals(Outcome.KNOWN, table.add(record(1, 5, NOW), peer(2), NOW));
    assertEquals(Outcome.KNOWN, table.add(record(1, 4, NOW), peer(1), NOW));
    SignedCapability newer = record(1, 6, NOW.plusSeconds(1));
    assertEquals(Outcome.ADDED, table.add(newer, peer(2), NOW));

    assertEquals(List.of(newer), table.signed(NOW));
    assertEquals(Optional.of(newer.record()), table.get(peer(1), NOW));
  }

  @Test
  void refusesWhatIsForgedOrOutOfTime() {
    assertEquals(Outcome.FORGED, table.add(Samples.forged(1, NOW), peer(1), NOW));
    assertEquals(Outcome.EXPIRED, table.add(record(1, 1, NOW.minusSeconds(91)), peer(1), NOW));
    assertEquals(
        Outcome.FROM_THE_FUTURE, table.add(record(1, 1, NOW.plusSeconds(31)), peer(1), NOW));
    assertTrue(table.all(NOW).isEmpty());
  }

  @Test
  void forgetsWhatIsNotSaidAgain() {
    table.add(record(1, 1, NOW), peer(1), NOW);

    assertEquals(1, table.all(NOW.plusSeconds(90)).size());
    assertEquals(Optional.empty(), table.get(peer(1), NOW.plusSeconds(91)));
    assertEquals(List.of(), table.all(NOW.plusSeconds(91)));
  }

  @Test
  void namesProvidersThatAreWarmFirst() {
    table.add(record(1, 1, NOW, Samples.capabilities(false, MODEL)), peer(1), NOW);
    table.add(record(2, 1, NOW, Samples.capabilities(true, Samples.model(7))), peer(2), NOW);
    table.add(record(3, 1, NOW, Samples.capabilities(true, MODEL)), peer(3), NOW);

    assertEquals(
        List.of(peer(3), peer(1)),
        table.providers(MODEL, NOW).stream().map(CapabilityRecord::peer).toList());
  }

  @Test
  void takesNoMoreHearsayFromOnePeerThanItsShare() {
    CapabilityTable small = new CapabilityTable(config(100, 3));
    for (int n = 1; n <= 3; n++) {
      assertEquals(Outcome.ADDED, small.add(record(n, 1, NOW), peer(50), NOW));
    }
    assertEquals(Outcome.NO_ROOM, small.add(record(4, 1, NOW), peer(50), NOW));
    assertEquals(Outcome.ADDED, small.add(record(50, 1, NOW), peer(50), NOW), "itself");
    assertEquals(Outcome.ADDED, small.add(record(4, 1, NOW), peer(51), NOW), "another's");
    assertEquals(Outcome.ADDED, small.add(record(1, 2, NOW), peer(50), NOW), "known ones");
  }

  @Test
  void letsNobodyPushOutPeersThatSpeakForThemselves() {
    CapabilityTable small = new CapabilityTable(config(3, 100));
    small.add(record(1, 1, NOW), peer(1), NOW);
    small.add(record(2, 1, NOW), peer(50), NOW);
    small.add(record(3, 1, NOW.plusSeconds(1)), peer(50), NOW);

    assertEquals(Outcome.ADDED, small.add(record(4, 1, NOW), peer(50), NOW));
    assertEquals(Optional.empty(), small.get(peer(2), NOW), "the oldest hearsay goes first");
    assertEquals(Outcome.ADDED, small.add(record(5, 1, NOW), peer(5), NOW));
    assertEquals(Outcome.ADDED, small.add(record(6, 1, NOW), peer(6), NOW));
    assertEquals(Outcome.NO_ROOM, small.add(record(7, 1, NOW), peer(50), NOW));
    assertTrue(small.get(peer(1), NOW).isPresent());

    assertEquals(
        Outcome.ADDED,
        small.add(record(8, 1, NOW.plusSeconds(100)), peer(50), NOW.plusSeconds(100)),
        "expired ones make room for anybody");
  }

  @Test
  void showsItsDefaultsAndRefusesNonsense() {
    DirectoryConfig usual = DirectoryConfig.defaults();
    assertEquals(Duration.ofSeconds(90), usual.recordLifetime());
    assertEquals(64, usual.limits().maxRecords());
    assertThrows(IllegalArgumentException.class, () -> config(0, 1));
    assertThrows(IllegalArgumentException.class, () -> config(1, 0));
    assertThrows(IllegalArgumentException.class, () -> new DirectoryLimits(1, 1, 1, 1, 0, 1));
  }
}
