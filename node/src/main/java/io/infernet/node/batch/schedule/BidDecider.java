package io.infernet.node.batch.schedule;

import io.infernet.discovery.directory.ModelOffer;
import io.infernet.node.batch.schedule.BidDecision.Bid;
import io.infernet.node.batch.schedule.BidDecision.NoBid;
import java.util.Locale;

/** The provider's side of offers: bids only for what it can do, and says why when it does not. */
public final class BidDecider {

  private final double slack;

  /**
   * @param slack so many times the expected time must be left before the deadline, at least 1
   */
  public BidDecider(double slack) {
    if (!(slack >= 1 && slack <= 100)) {
      throw new IllegalArgumentException("slack must be 1 to 100, not " + slack);
    }
    this.slack = slack;
  }

  /** A provider that does not know how much it will be disturbed leaves itself a quarter more. */
  public static BidDecider usual() {
    return new BidDecider(1.25);
  }

  public BidDecision decide(OfferTerms offer, OwnSituation own, long now) {
    if (own.model().isEmpty()) {
      return no(NoBidReason.MISSING_MODEL, "model " + offer.model() + " is not here: pull it");
    }
    ModelOffer model = own.model().get();
    if (!own.policy().permits(offer.topics())) {
      return no(NoBidReason.POLICY, "the policy refuses its content");
    }
    if (model.contextLength() < offer.longestItem()) {
      return no(
          NoBidReason.CONTEXT,
          "its longest item has "
              + offer.longestItem()
              + " tokens, "
              + model.name()
              + " takes "
              + model.contextLength());
    }
    long price = model.prices().price(offer.shardTokens());
    long ceiling = offer.ceiling().price(offer.shardTokens());
    if (price > ceiling) {
      return no(
          NoBidReason.PRICE,
          "a shard would cost " + price + " here, at most " + ceiling + " is paid");
    }
    if (own.reputation() < offer.minReputation()) {
      return no(
          NoBidReason.REPUTATION,
          String.format(
              Locale.ROOT,
              "reputation is %.2f, at least %.2f is asked for",
              own.reputation(),
              offer.minReputation()));
    }
    if (own.shards() >= own.maxShards()) {
      return no(NoBidReason.BUSY, own.shards() + " shards are being worked on, as many as may be");
    }
    long start = Math.max(now, own.freeAt());
    if (offer.deadline().isPresent()) {
      double took = offer.shardTokens() / own.tokensPerSecond() * slack * 1e9;
      double late = start + took - offer.deadline().getAsLong();
      if (late > 0) {
        return no(
            NoBidReason.DEADLINE,
            String.format(
                Locale.ROOT, "a shard might be done %.1f s after the deadline", late / 1e9));
      }
    }
    return new Bid(model.prices(), start, own.tokensPerSecond());
  }

  private static NoBid no(NoBidReason reason, String why) {
    return new NoBid(reason, why);
  }
}
