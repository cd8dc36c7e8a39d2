package io.infernet.discovery.directory;

/**
 * What a provider takes for its work, in millionths of the currency's unit.
 *
 * @param base for each job
 * @param perThousandTokens for a thousand tokens, read or made
 */
public record PriceList(long base, long perThousandTokens) {

  /** A thousand units: no number of tokens makes a price overflow. */
  public static final long MAX = 1_000_000_000L;

  public PriceList {
    if (base < 0 || base > MAX || perThousandTokens < 0 || perThousandTokens > MAX) {
      throw new IllegalArgumentException(
          "price out of range: " + base + " + " + perThousandTokens + " / 1000 tokens");
    }
  }

  public static PriceList free() {
    return new PriceList(0, 0);
  }

  /**
   * The price of a job of so many tokens, rounded up.
   *
   * @param tokens at most 2^31, so that nothing overflows
   */
  public long price(long tokens) {
    if (tokens < 0 || tokens > 1L << 31) {
      throw new IllegalArgumentException("tokens out of range: " + tokens);
    }
    return base + (perThousandTokens * tokens + 999) / 1000;
  }
}
