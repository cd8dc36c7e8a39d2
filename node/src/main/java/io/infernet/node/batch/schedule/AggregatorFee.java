package io.infernet.node.batch.schedule;

/**
 * What an aggregator takes for its work: a share of what the providers get. A client that is its
 * own aggregator takes nothing.
 *
 * @param basisPoints hundredths of a percent
 */
public record AggregatorFee(int basisPoints) {

  /** 0.5 %. */
  public static final int LEAST = 50;

  /** 2 %. */
  public static final int MOST = 200;

  private static final int WHOLE = 10_000;

  public AggregatorFee {
    if (basisPoints != 0 && (basisPoints < LEAST || basisPoints > MOST)) {
      throw new IllegalArgumentException(
          "an aggregator's fee is 0.5 to 2 %, or nothing, not " + basisPoints / 100.0 + " %");
    }
  }

  public static AggregatorFee none() {
    return new AggregatorFee(0);
  }

  /** The fee on what the providers get, rounded down: in favour of the client. */
  public long on(long providers) {
    if (providers < 0) {
      throw new IllegalArgumentException("negative amount: " + providers);
    }
    // In two parts, so that no amount overflows.
    return providers / WHOLE * basisPoints + providers % WHOLE * basisPoints / WHOLE;
  }
}
