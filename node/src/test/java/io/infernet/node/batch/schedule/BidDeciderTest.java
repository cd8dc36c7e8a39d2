package io.infernet.node.batch.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.discovery.directory.ModelOffer;
import io.infernet.discovery.directory.PriceList;
import io.infernet.discovery.directory.ProviderPolicy;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.node.batch.schedule.BidDecision.Bid;
import io.infernet.node.batch.schedule.BidDecision.NoBid;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** When a provider bids, and what it learns about why it has nothing to do. */
class BidDeciderTest {

  private static final Cid MODEL = Cid.of(Cid.RAW, Multihash.sha256(new byte[] {1}));
  private static final PriceList PRICES = new PriceList(10, 100);
  private static final long SECOND = 1_000_000_000;

  private final BidDecider decider = BidDecider.usual();
  private final BidLog log = new BidLog(Duration.ofMinutes(10), 4);

  private static OfferTerms offer(
      int longest, PriceList ceiling, double reputation, String topic, long deadline) {
    return new OfferTerms(
        MODEL,
        10_000,
        longest,
        ceiling,
        reputation,
        List.of(topic),
        deadline == 0 ? OptionalLong.empty() : OptionalLong.of(deadline));
  }

  private static OfferTerms usual() {
    return offer(100, PRICES, 0.1, "prose", 0);
  }

  private static OwnSituation own(long freeAt, int shards) {
    return new OwnSituation(
        Optional.of(new ModelOffer("m", MODEL, "bf16", true, 512, PRICES)),
        new ProviderPolicy(List.of("adult")),
        1_000,
        0.5,
        freeAt,
        shards,
        2);
  }

  private void declines(NoBidReason reason, String why, OfferTerms offer, OwnSituation own) {
    assertEquals(new NoBid(reason, why), decider.decide(offer, own, 0));
  }

  @Test
  void bidsWhatItTakesWhenItCanBegin() {
    assertEquals(new Bid(PRICES, 5, 1_000), decider.decide(usual(), own(0, 0), 5));
    assertEquals(new Bid(PRICES, 9, 1_000), decider.decide(usual(), own(9, 1), 5));
  }

  @Test
  void saysWhyItDoesNot() {
    OwnSituation without =
        new OwnSituation(Optional.empty(), ProviderPolicy.open(), 1_000, 0.5, 0, 0, 2);
    declines(
        NoBidReason.MISSING_MODEL, "model " + MODEL + " is not here: pull it", usual(), without);
    declines(
        NoBidReason.POLICY,
        "the policy refuses its content",
        offer(100, PRICES, 0, "adult", 0),
        own(0, 0));
    declines(
        NoBidReason.CONTEXT,
        "its longest item has 513 tokens, m takes 512",
        offer(513, PRICES, 0, "prose", 0),
        own(0, 0));
    declines(
        NoBidReason.PRICE,
        "a shard would cost 1010 here, at most 1000 is paid",
        offer(100, new PriceList(0, 100), 0, "prose", 0),
        own(0, 0));
    declines(
        NoBidReason.REPUTATION,
        "reputation is 0.50, at least 0.60 is asked for",
        offer(100, PRICES, 0.6, "prose", 0),
        own(0, 0));
    declines(
        NoBidReason.BUSY, "2 shards are being worked on, as many as may be", usual(), own(0, 2));
  }

  @Test
  void bidsOnlyForWhatItCanDoBeforeTheDeadline() {
    OfferTerms in13Seconds = offer(100, PRICES, 0, "prose", 13 * SECOND);

    assertInstanceOf(Bid.class, decider.decide(in13Seconds, own(0, 0), 0));
    declines(
        NoBidReason.DEADLINE,
        "a shard might be done 0.5 s after the deadline",
        in13Seconds,
        own(SECOND, 0));
  }

  @Test
  void tellsTheMostFrequentReasonForHavingNothingToDo() {
    assertEquals(NoBidReason.NO_DEMAND, log.idle(0).orElseThrow().reason());
    log.missed(new NoBid(NoBidReason.PRICE, "first"), 0);
    log.missed(new NoBid(NoBidReason.PRICE, "second"), 1);
    log.notChosen(2);

    assertEquals(Optional.of(new BidLog.Idle(NoBidReason.PRICE, 2, "second")), log.idle(2));
    log.assigned(3);
    assertEquals(Optional.empty(), log.idle(3));
    assertEquals(
        "no batch was offered in the last 600 s", log.idle(601 * SECOND).orElseThrow().why());
  }

  @Test
  void keepsABoundedNumber() {
    log.assigned(0);
    for (int i = 0; i < 4; i++) {
      log.notChosen(1);
    }

    assertEquals(4, log.idle(1).orElseThrow().offers());
  }

  @Test
  void refusesNonsense() {
    assertThrows(IllegalArgumentException.class, () -> new BidDecider(0.5));
    assertThrows(IllegalArgumentException.class, () -> new BidLog(Duration.ZERO, 1));
    assertThrows(IllegalArgumentException.class, () -> new BidLog(Duration.ofMinutes(1), 0));
    assertThrows(IllegalArgumentException.class, () -> offer(0, PRICES, 0, "prose", 0));
    assertThrows(IllegalArgumentException.class, () -> offer(1, PRICES, 2, "prose", 0));
  }
}
