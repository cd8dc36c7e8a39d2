package io.infernet.node.batch.schedule;

import static java.util.Objects.requireNonNull;

import io.infernet.discovery.directory.PriceList;

/** What a provider answers to an offer. */
public sealed interface BidDecision {

  /**
   * It bids.
   *
   * @param prices what it takes
   * @param startsAt when it can begin, in nanoseconds of the ticker
   * @param tokensPerSecond how fast it is
   */
  record Bid(PriceList prices, long startsAt, double tokensPerSecond) implements BidDecision {
    public Bid {
      requireNonNull(prices, "prices is null");
    }
  }

  /**
   * It does not.
   *
   * @param why in words for the person who runs the provider
   */
  record NoBid(NoBidReason reason, String why) implements BidDecision {
    public NoBid {
      requireNonNull(reason, "reason is null");
      requireNonNull(why, "why is null");
    }
  }
}
