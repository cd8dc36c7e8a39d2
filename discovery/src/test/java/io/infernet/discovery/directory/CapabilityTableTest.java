package io.infernet.discovery.directory;

import static io.infernet.discovery.directory.Samples.MODEL;
import static io.infernet.discovery.directory.Samples.NOW;
import static io.infernet.discovery.directory.Samples.record;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.CapabilityTable.Outcome;
import io.infernet.discovery.directory.CapabilityTable.Way;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CapabilityTableTest {

  private final CapabilityTable table = new CapabilityTable(config(4_096, 64));

  private static DirectoryConfig config(int maxTable, int maxPerSource) {
    DirectoryConfig usual = DirectoryConfig.defaults();
    DirectoryConfig.Table table = usual.table();
    return usual.withTable(
        new DirectoryConfig.Table(
            table.recordLifetime(),
            table.maxFuture(),
            table.absurdFuture(),
            maxTable,
            maxPerSource));
  }

  /** What becomes of a record that {@code source} tells, itself or of another. */
  private static Outcome tell(
      CapabilityTable to, SignedCapability record, PeerId source, Instant now) {
    Way way = record.record().peer().equals(source) ? Way.DIRECT : Way.HEARSAY;
    return to.add(record, way, source, now);
  }

  private Outcome tell(SignedCapability record, PeerId source) {
    return tell(table, record, source, NOW);
  }

  private static PeerId peer(int n) {
    return TestIdentities.peerId(n);
  }

  @Test
  void keepsTheNewestWordOfEachPeer() {
    assertEquals(Outcome.ADDED, tell(record(1, 5, NOW), peer(1)));
    assertEquals(Outcome.KNOWN, tell(record(1, 5, NOW), peer(2)));
    assertEquals(Outcome.STALE, tell(record(1, 4, NOW), peer(1)));
    assertEquals(Outcome.STALE, tell(record(1, 5, NOW.plusSeconds(1)), peer(1)));
    SignedCapability newer = record(1, 6, NOW.plusSeconds(1));
    assertEquals(Outcome.ADDED, tell(newer, peer(2)));

    assertEquals(List.of(newer), table.signed(NOW));
    assertEquals(Optional.of(newer.record()), table.get(peer(1), NOW));
  }

  @Test
  void refusesWhatIsForgedForeignOrOutOfTime() {
    assertEquals(Outcome.FORGED, tell(Samples.forged(1, NOW), peer(1)));
    assertEquals(Outcome.EXPIRED, tell(record(1, 1, NOW.minusSeconds(91)), peer(1)));
    assertEquals(Outcome.FROM_THE_FUTURE, tell(record(1, 1, NOW.plusSeconds(31)), peer(1)));
    assertEquals(Outcome.ABSURD, tell(record(1, 1, NOW.plusSeconds(601)), peer(1)));
    CapabilityTable other = new CapabilityTable(DirectoryConfig.of(new NetworkName("elsewhere")));
    assertEquals(Outcome.FOREIGN, tell(other, record(1, 1, NOW), peer(1), NOW));
    assertTrue(table.all(NOW).isEmpty());
  }

  @Test
  void forgetsWhatIsNotSaidAgain() {
    tell(record(1, 1, NOW), peer(1));

    assertEquals(1, table.all(NOW.plusSeconds(90)).size());
    assertEquals(Optional.empty(), table.get(peer(1), NOW.plusSeconds(91)));
    assertEquals(List.of(), table.all(NOW.plusSeconds(91)));
  }

  @Test
  void namesProvidersThatAreWarmFirst() {
    tell(record(1, 1, NOW, Samples.capabilities(false, MODEL)), peer(1));
    tell(record(2, 1, NOW, Samples.capabilities(true, Samples.model(7))), peer(2));
    tell(record(3, 1, NOW, Samples.capabilities(true, MODEL)), peer(3));

    assertEquals(
        List.of(peer(3), peer(1)),
        table.providers(MODEL, NOW).stream().map(CapabilityRecord::peer).toList());
  }

  @Test
  void remembersHowLongPeersTakeToAnswer() {
    tell(record(1, 1, NOW), peer(1));
    table.measured(peer(1), Duration.ofMillis(7));
    table.measured(peer(2), Duration.ofMillis(7));
    tell(record(1, 2, NOW), peer(1));

    assertEquals(Optional.of(Duration.ofMillis(7)), table.latency(peer(1)));
    assertEquals(Optional.empty(), table.latency(peer(2)));
  }

  @Test
  void takesNoMoreHearsayFromOnePeerThanItsShare() {
    CapabilityTable small = new CapabilityTable(config(100, 3));
    for (int n = 1; n <= 3; n++) {
      assertEquals(Outcome.ADDED, tell(small, record(n, 1, NOW), peer(50), NOW));
    }
    assertEquals(Outcome.NO_ROOM, tell(small, record(4, 1, NOW), peer(50), NOW));
    assertEquals(Outcome.ADDED, tell(small, record(50, 1, NOW), peer(50), NOW), "itself");
    assertEquals(Outcome.ADDED, tell(small, record(4, 1, NOW), peer(51), NOW), "another's");
    assertEquals(Outcome.ADDED, tell(small, record(1, 2, NOW), peer(50), NOW), "known ones");
    assertEquals(
        Outcome.ADDED,
        small.add(record(5, 1, NOW), Way.HEARTBEAT, peer(50), NOW),
        "what it only passes on");
  }

  @Test
  void letsNobodyPushOutPeersThatSpeakForThemselves() {
    CapabilityTable small = new CapabilityTable(config(3, 100));
    tell(small, record(1, 1, NOW), peer(1), NOW);
    tell(small, record(2, 1, NOW), peer(50), NOW);
    tell(small, record(3, 1, NOW.plusSeconds(1)), peer(50), NOW);

    assertEquals(Outcome.NO_ROOM, tell(small, record(4, 1, NOW), peer(50), NOW));
    assertEquals(Outcome.ADDED, tell(small, record(5, 1, NOW), peer(5), NOW));
    assertEquals(Optional.empty(), small.get(peer(2), NOW), "the oldest hearsay goes first");
    assertEquals(Outcome.ADDED, small.add(record(6, 1, NOW), Way.HEARTBEAT, peer(50), NOW));
    assertEquals(Outcome.NO_ROOM, tell(small, record(7, 1, NOW), peer(50), NOW));
    assertEquals(Outcome.ADDED, tell(small, record(8, 1, NOW), peer(8), NOW));
    assertEquals(Optional.empty(), small.get(peer(6), NOW), "then heartbeats");
    assertEquals(Outcome.NO_ROOM, tell(small, record(9, 1, NOW), peer(9), NOW));
    assertTrue(small.get(peer(1), NOW).isPresent());

    assertEquals(
        Outcome.ADDED,
        tell(small, record(10, 1, NOW.plusSeconds(100)), peer(50), NOW.plusSeconds(100)),
        "expired ones make room for anybody");
  }

  @Test
  void sharesItsRoomAmongThoseWhoPassOnHeartbeats() {
    CapabilityTable small = new CapabilityTable(config(4, 100));
    for (int n = 1; n <= 4; n++) {
      small.add(record(n, 1, NOW.plusSeconds(n)), Way.HEARTBEAT, peer(50), NOW);
    }
    assertEquals(Outcome.NO_ROOM, small.add(record(5, 1, NOW), Way.HEARTBEAT, peer(50), NOW));
    assertEquals(Outcome.ADDED, small.add(record(6, 1, NOW), Way.HEARTBEAT, peer(51), NOW));
    assertEquals(Optional.empty(), small.get(peer(1), NOW));
    assertEquals(Outcome.ADDED, small.add(record(7, 1, NOW), Way.HEARTBEAT, peer(51), NOW));
    assertEquals(Outcome.NO_ROOM, small.add(record(8, 1, NOW), Way.HEARTBEAT, peer(51), NOW));
  }

  @Test
  void valuesHearsayMoreOnceThePeerItselfSaysTheSame() {
    CapabilityTable small = new CapabilityTable(config(2, 100));
    tell(small, record(1, 1, NOW), peer(50), NOW);
    tell(small, record(2, 1, NOW), peer(50), NOW);
    assertEquals(Outcome.KNOWN, tell(small, record(1, 1, NOW), peer(1), NOW));

    tell(small, record(3, 1, NOW), peer(3), NOW);
    assertTrue(small.get(peer(1), NOW).isPresent());
    assertEquals(Optional.empty(), small.get(peer(2), NOW));
  }

  @Test
  void showsItsDefaultsAndRefusesNonsense() {
    DirectoryConfig usual = DirectoryConfig.defaults();
    assertEquals(Duration.ofSeconds(90), usual.table().recordLifetime());
    assertEquals(Duration.ofSeconds(30), usual.heartbeats().interval());
    assertEquals(64, usual.limits().maxRecords());
    assertThrows(IllegalArgumentException.class, () -> config(0, 1));
    assertThrows(IllegalArgumentException.class, () -> config(1, 0));
    assertThrows(IllegalArgumentException.class, () -> new DirectoryLimits(1, 1, 1, 1, 0, 1, 1, 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> new DirectoryConfig.Heartbeats(Duration.ofSeconds(1), Duration.ofSeconds(2), 1));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            usual.withTable(
                new DirectoryConfig.Table(
                    Duration.ofSeconds(59), Duration.ofSeconds(1), Duration.ofSeconds(1), 1, 1)),
        "records must outlive a lost heartbeat");
  }

  @Test
  void keepsNetworksApartByName() {
    assertEquals("/infernet/heartbeats/1", NetworkName.MAIN.topic("heartbeats/1"));
    assertEquals("/infernet/lab/offers/1", new NetworkName("lab").topic("offers/1"));
    assertEquals(
        "/infernet/lab/kad/1.0.0", new NetworkName("lab").protocol("kad/1.0.0").toString());
    for (String name : List.of("", "Lab", "a/b", "-a", "a".repeat(33))) {
      assertThrows(IllegalArgumentException.class, () -> new NetworkName(name));
    }
  }
}
