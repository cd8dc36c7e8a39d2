package io.infernet.discovery.directory;

import static io.infernet.discovery.directory.Samples.MODEL;
import static io.infernet.discovery.directory.Samples.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.DirectoryQuery.Order;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DirectoryQueryTest {

  private static final DirectoryQuery ANY = DirectoryQuery.of(MODEL);

  /** Peer 1 is cheap and cold, 2 dear and warm, 3 cheap, warm and busy, 4 serves another model. */
  private static final List<CapabilityRecord> RECORDS =
      List.of(
          record(1, NOW, Samples.offer(MODEL, false, 10), 0, "eu-west", 0),
          record(2, NOW.minusSeconds(50), Samples.offer(MODEL, true, 30), 1, "us", 8),
          record(3, NOW.minusSeconds(70), Samples.offer(MODEL, true, 20), 3, "eu", 24),
          record(4, NOW, Samples.offer(Samples.model(9), true, 0), 0, "eu", 80));

  private static CapabilityRecord record(
      int peer, Instant at, ModelOffer offer, int running, String region, int gigabytes) {
    return new CapabilityRecord(
        TestIdentities.peerId(peer),
        NetworkName.MAIN,
        1,
        at,
        List.of(),
        new Capabilities(
            List.of(),
            List.of(offer),
            new Capabilities.Load(running, 4),
            new HardwareFingerprint(
                "",
                0,
                0,
                gigabytes == 0
                    ? List.of()
                    : List.of(new Gpu(Gpu.Vendor.NVIDIA, "", gigabytes * 1_000_000_000L, "", 1))),
            Optional.of(region),
            ProviderPolicy.open(),
            ""));
  }

  private static List<Integer> answers(DirectoryQuery query) {
    Map<PeerId, Duration> latencies =
        Map.of(
            TestIdentities.peerId(3), Duration.ofMillis(5),
            TestIdentities.peerId(2), Duration.ofMillis(50));
    return query.select(RECORDS, NOW, peer -> Optional.ofNullable(latencies.get(peer))).stream()
        .map(found -> 1 + RECORDS.indexOf(found))
        .toList();
  }

  @Test
  void ordersAsAsked() {
    assertEquals(List.of(3, 2, 1), answers(ANY));
    assertEquals(List.of(1, 3, 2), answers(ANY.by(Order.CHEAPEST)));
    assertEquals(List.of(1, 2, 3), answers(ANY.by(Order.LEAST_LOADED)));
    assertEquals(List.of(3, 2, 1), answers(ANY.by(Order.FASTEST)));
    assertEquals(List.of(3), answers(ANY.atMost(1)));
  }

  @Test
  void findsWhoHasItWarmCheapestFirstHeardOfWithinTheLastMinute() {
    DirectoryQuery warm = ANY.onlyWarm().by(Order.CHEAPEST);
    assertEquals(List.of(3, 2), answers(warm));
    assertEquals(List.of(2), answers(warm.heardWithin(Duration.ofMinutes(1))));
  }

  @Test
  void leavesOutWhatDoesNotFit() {
    assertEquals(List.of(3, 1), answers(ANY.costing(20, 1_000)));
    assertEquals(List.of(1), answers(ANY.costing(20, 2_000)));
    assertEquals(List.of(3, 2), answers(ANY.atLeast(VramTier.MEDIUM)));
    assertEquals(List.of(3), answers(ANY.atLeast(VramTier.LARGE)));
    assertEquals(List.of(3, 1), answers(ANY.in("eu")));
    assertEquals(List.of(1), answers(ANY.in("eu-west")));
    assertEquals(List.of(), answers(DirectoryQuery.of(Samples.model(5))));
  }

  @Test
  void refusesNonsense() {
    assertThrows(IllegalArgumentException.class, () -> ANY.atMost(0));
    assertThrows(IllegalArgumentException.class, () -> ANY.costing(-1, 0));
    assertThrows(IllegalArgumentException.class, () -> ANY.heardWithin(Duration.ofNanos(-1)));
  }

  @Test
  void knowsWhichWorkSuitsAProvider() {
    JobOffer work = Samples.work(TestIdentities.peerId(1), NOW);
    Capabilities willing = Samples.capabilities(Samples.offer(MODEL, true, 10_000));
    assertTrue(work.suits(willing));
    assertFalse(work.suits(Samples.capabilities(Samples.offer(MODEL, true, 10_001))), "too cheap");
    assertFalse(work.suits(Samples.capabilities(true, Samples.model(3))), "another model");
    assertFalse(
        work.suits(
            new Capabilities(
                willing.roles(),
                willing.models(),
                willing.load(),
                willing.hardware(),
                willing.region(),
                new ProviderPolicy(List.of("medical")),
                "")),
        "against its policy");
  }
}
