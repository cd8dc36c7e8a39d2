package io.infernet.node.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.Capabilities;
import io.infernet.discovery.directory.CapabilityRecord;
import io.infernet.discovery.directory.HardwareFingerprint;
import io.infernet.discovery.directory.ModelOffer;
import io.infernet.discovery.directory.NetworkName;
import io.infernet.discovery.directory.PriceList;
import io.infernet.discovery.directory.ProviderPolicy;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.node.job.Decision.Standing;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ProviderSelectorTest {

  private static final Cid MODEL = Cid.of(Cid.RAW, Multihash.sha256(new byte[] {1}));
  private static final ProviderSelector.Needs NEEDS =
      new ProviderSelector.Needs(MODEL, 100, 50, 1_000);

  private final VirtualTime time = new VirtualTime();
  private final ProviderSelector selector =
      new ProviderSelector(SelectorConfig.defaults(), time.clock(), time, new SplittableRandom(1));

  private static CapabilityRecord provider(
      int n, boolean warm, int context, PriceList prices, int running) {
    return new CapabilityRecord(
        peer(n),
        NetworkName.MAIN,
        1,
        VirtualTime.EPOCH,
        List.of(),
        new Capabilities(
            List.of(),
            List.of(new ModelOffer("m", MODEL, "bf16", warm, context, prices)),
            new Capabilities.Load(running, 4),
            HardwareFingerprint.unknown(),
            Optional.empty(),
            ProviderPolicy.open(),
            ""));
  }

  private static CapabilityRecord usual(int n) {
    return provider(n, true, 512, PriceList.free(), 0);
  }

  private static PeerId peer(int n) {
    return TestIdentities.peerId(n);
  }

  private Decision choose(CapabilityRecord... providers) {
    return selector.choose(List.of(providers), NEEDS, Map.of());
  }

  private List<PeerId> order(Decision decision) {
    return decision.candidates().stream().map(Decision.Candidate::peer).toList();
  }

  @Test
  void prefersWarmThenFreeThenCheapProviders() {
    CapabilityRecord best = usual(1);
    CapabilityRecord busy = provider(2, true, 512, PriceList.free(), 3);
    CapabilityRecord dear = provider(3, true, 512, new PriceList(900, 0), 0);
    CapabilityRecord cold = provider(4, false, 512, PriceList.free(), 0);

    Decision decision = choose(cold, dear, busy, best);

    assertEquals(List.of(peer(1), peer(2), peer(3), peer(4)), order(decision));
    assertEquals(Optional.of(peer(1)), decision.best(Standing.READY));
    assertTrue(
        decision.candidates().get(1).why().contains("3 of 4 slots busy"),
        decision.candidates().get(1).why());
  }

  @Test
  void learnsWhoAnswersFast() {
    selector.answered(peer(1), Duration.ofMillis(900));
    selector.answered(peer(2), Duration.ofMillis(2));

    assertEquals(List.of(peer(2), peer(3), peer(1)), order(choose(usual(1), usual(2), usual(3))));
  }

  @Test
  void leavesAProviderAloneLongerWithEachFailure() {
    selector.failed(peer(1));
    assertEquals(
        Optional.of(peer(1)), choose(usual(1)).best(Standing.LEFT_ALONE), "for want of another");
    assertEquals(Optional.empty(), choose(usual(1)).best(Standing.READY));

    time.advance(Duration.ofSeconds(5));
    assertEquals(Optional.of(peer(1)), choose(usual(1)).best(Standing.READY));
    assertEquals(Optional.of(peer(2)), choose(usual(1), usual(2)).best(Standing.READY));

    selector.failed(peer(1));
    time.advance(Duration.ofMillis(9_999));
    assertEquals(Optional.empty(), choose(usual(1)).best(Standing.READY));
    time.advance(Duration.ofMillis(1));
    assertEquals(Optional.of(peer(1)), choose(usual(1)).best(Standing.READY));

    for (int i = 0; i < 100; i++) {
      selector.failed(peer(1));
    }
    time.advance(SelectorConfig.defaults().maxBackoff());
    assertEquals(Optional.of(peer(1)), choose(usual(1)).best(Standing.READY));
  }

  @Test
  void forgivesAProviderThatSucceeds() {
    selector.failed(peer(1));
    selector.succeeded(peer(1));

    assertEquals(Optional.of(peer(1)), choose(usual(1)).best(Standing.READY));
  }

  @Test
  void excludesWhoCannotDoItAndSaysWhy() {
    Decision decision =
        selector.choose(
            List.of(
                provider(1, true, 149, PriceList.free(), 0),
                provider(2, true, 150, new PriceList(1_001, 0), 0),
                usual(3),
                new CapabilityRecord(
                    peer(4),
                    NetworkName.MAIN,
                    1,
                    VirtualTime.EPOCH,
                    List.of(),
                    new Capabilities(
                        List.of(),
                        List.of(),
                        Capabilities.Load.none(),
                        HardwareFingerprint.unknown(),
                        Optional.empty(),
                        ProviderPolicy.open(),
                        ""))),
            NEEDS,
            Map.of(peer(3), "refused: busy"));

    assertEquals(Optional.empty(), decision.best(Standing.READY));
    assertEquals(
        Set.of(
            "takes 149 tokens, 150 are needed",
            "costs up to 1001, the ceiling is 1000",
            "refused: busy"),
        new HashSet<>(decision.candidates().stream().map(Decision.Candidate::why).toList()));
  }

  @Test
  void sharesTheWorkAmongEquals() {
    Set<PeerId> chosen = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      chosen.add(choose(usual(1), usual(2), usual(3)).best(Standing.READY).orElseThrow());
    }

    assertEquals(3, chosen.size());
  }

  @Test
  void remembersABoundedNumberOfPeers() {
    SelectorConfig usual = SelectorConfig.defaults();
    ProviderSelector small =
        new ProviderSelector(
            new SelectorConfig(
                1, 1, 1, 1, 1, usual.halfLatency(), usual.firstBackoff(), usual.maxBackoff(), 2),
            time.clock(),
            time,
            new SplittableRandom(1));
    small.failed(peer(1));
    small.failed(peer(2));
    small.failed(peer(3));

    Decision decision = small.choose(List.of(usual(1), usual(2), usual(3)), NEEDS, Map.of());

    assertEquals(Optional.of(peer(1)), decision.best(Standing.READY), "forgotten");
  }

  @Test
  void keepsNoMoreCandidatesThanADecisionHolds() {
    CapabilityRecord[] many = new CapabilityRecord[Decision.MAX_CANDIDATES + 10];
    for (int i = 0; i < many.length; i++) {
      many[i] = usual(i + 1);
    }

    assertEquals(Decision.MAX_CANDIDATES, choose(many).candidates().size());
  }

  @Test
  void refusesNonsense() {
    SelectorConfig usual = SelectorConfig.defaults();
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new SelectorConfig(
                -1, 1, 1, 1, 1, usual.halfLatency(), usual.firstBackoff(), usual.maxBackoff(), 2));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new SelectorConfig(
                1, 1, 1, 1, 1, usual.halfLatency(), usual.maxBackoff(), usual.firstBackoff(), 2));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new SelectorConfig(
                1, 1, 1, 1, 1, usual.halfLatency(), usual.firstBackoff(), usual.maxBackoff(), 0));
  }
}
