package io.infernet.node.batch.schedule;

import static java.util.Objects.requireNonNull;

import java.util.Locale;
import java.util.Optional;

/**
 * A bid, and what it is worth.
 *
 * @param candidate whose
 * @param score higher is better
 * @param price for the tokens that were asked for
 * @param excluded why it cannot be taken, in words for a person
 */
public record ScoredBid(Candidate candidate, double score, long price, Optional<String> excluded) {

  public ScoredBid {
    requireNonNull(candidate, "candidate is null");
    requireNonNull(excluded, "excluded is null");
  }

  public boolean isAcceptable() {
    return excluded.isEmpty();
  }

  /** The qualities behind the score, or what stands in the way, in words for a person. */
  public String why() {
    return excluded.orElseGet(
        () ->
            String.format(
                Locale.ROOT,
                "price up to %d, %.0f tokens/s, reputation %.2f, latency %s",
                price,
                candidate.tokensPerSecond(),
                candidate.reputation(),
                candidate
                    .latency()
                    .map(time -> String.format(Locale.ROOT, "%.1f ms", time.toNanos() / 1e6))
                    .orElse("unknown")));
  }
}
