package io.infernet.node.job.wire;

import static java.util.Objects.requireNonNull;

import io.infernet.discovery.directory.PriceList;
import io.infernet.verification.commitment.JobId;
import java.time.Instant;

/**
 * A provider's price for one attempt at a job.
 *
 * @param jobId the job
 * @param attempt which attempt
 * @param prices applied to all tokens read and made
 * @param maximum the most it can come to, in millionths of the currency's unit
 * @param validUntil when the quote lapses, in whole milliseconds
 */
public record Quote(JobId jobId, int attempt, PriceList prices, long maximum, Instant validUntil) {

  /** The version of the quote that this code knows. */
  public static final int VERSION = 1;

  public Quote {
    requireNonNull(jobId, "jobId is null");
    requireNonNull(prices, "prices is null");
    if (attempt < 0 || maximum < 0) {
      throw new IllegalArgumentException("a quote's figure is negative");
    }
    validUntil = Instant.ofEpochMilli(validUntil.toEpochMilli());
  }

  /** What a job of so many tokens costs. */
  public long price(int tokens) {
    return Math.min(maximum, prices.price(tokens));
  }
}
