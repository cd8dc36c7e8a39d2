package io.infernet.node.batch.schedule;

import static io.infernet.libp2p.host.Limits.requirePositive;
import static java.util.Objects.requireNonNull;

import io.infernet.discovery.directory.PriceList;
import java.math.BigInteger;

/**
 * What a batch costs, told before it begins, in millionths of the currency's unit.
 *
 * @param expected what the providers get when all goes well and every answer is as long as may be
 * @param maximum what they get at most: every shard computed as often as disputes can bring about
 * @param fee the aggregator's
 */
public record BatchQuote(long expected, long maximum, AggregatorFee fee) {

  /** Replicas of a shard that is disputed to the end. */
  public static final int MAX_REPLICAS = 5;

  public BatchQuote {
    requireNonNull(fee, "fee is null");
    if (expected < 0 || maximum < expected) {
      throw new IllegalArgumentException("quote out of range: " + expected + " to " + maximum);
    }
  }

  /**
   * What there is to do.
   *
   * @param tokens of all items, prompts and longest answers
   * @param shards about how many
   * @param replicas of each
   * @param testRate test items for each real one
   */
  public record Work(long tokens, long shards, int replicas, double testRate) {
    public Work {
      requirePositive(tokens, "tokens");
      requirePositive(shards, "shards");
      if (replicas < 1 || replicas > MAX_REPLICAS) {
        throw new IllegalArgumentException(
            "replicas must be 1 to " + MAX_REPLICAS + ", not " + replicas);
      }
      if (!(testRate >= 0 && testRate <= 1)) {
        throw new IllegalArgumentException("testRate must be 0 to 1, not " + testRate);
      }
    }
  }

  /**
   * The quote for that work, when no provider takes more than {@code highest}.
   *
   * @throws IllegalArgumentException when it is more than any amount of money
   */
  public static BatchQuote of(Work work, PriceList highest, AggregatorFee fee) {
    return new BatchQuote(
        price(work, work.replicas(), highest), price(work, MAX_REPLICAS, highest), fee);
  }

  private static long price(Work work, int replicas, PriceList prices) {
    BigInteger tokens =
        BigInteger.valueOf(work.tokens())
            .add(BigInteger.valueOf((long) Math.ceil(work.tokens() * work.testRate())));
    BigInteger thousand = BigInteger.valueOf(1_000);
    // Each shard's price is rounded up by itself: one more for each.
    BigInteger once =
        BigInteger.valueOf(prices.perThousandTokens())
            .multiply(tokens)
            .divide(thousand)
            .add(BigInteger.valueOf(prices.perThousandTokens() == 0 ? 0 : 1))
            .add(BigInteger.valueOf(prices.perThousandTokens() == 0 ? 0 : work.shards()))
            .add(BigInteger.valueOf(prices.base()).multiply(BigInteger.valueOf(work.shards())));
    BigInteger all = once.multiply(BigInteger.valueOf(replicas));
    // There is room for the fee above it.
    if (all.bitLength() > 62) {
      throw new IllegalArgumentException(
          "the batch would cost more than any amount: cut it or lower the price ceiling");
    }
    return all.longValueExact();
  }

  /** The most that the client pays: the guaranteed maximum with the fee. */
  public long ceiling() {
    return total(maximum);
  }

  /** What the client pays when all goes well. */
  public long expectedTotal() {
    return total(expected);
  }

  /**
   * What the client pays when the providers got {@code paid}.
   *
   * @throws IllegalArgumentException when that is above the maximum
   */
  public long total(long paid) {
    if (paid > maximum) {
      throw new IllegalArgumentException(paid + " is above the quoted maximum " + maximum);
    }
    return paid + fee.on(paid);
  }
}
