package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Locale;

/**
 * What came of asking one provider.
 *
 * @param provider who was asked
 * @param outcome how it ended
 * @param detail why, in words for a person; empty when there is nothing to say
 * @param tokens tokens of the answer that came from it
 * @param duration how long it took
 */
public record Attempt(
    Provider provider, Outcome outcome, String detail, int tokens, Duration duration) {

  public Attempt {
    requireNonNull(provider, "provider is null");
    requireNonNull(outcome, "outcome is null");
    requireNonNull(detail, "detail is null");
    requireNonNull(duration, "duration is null");
  }

  /** How an attempt ended. */
  public enum Outcome {
    COMPLETED,
    /** It did not want the job: busy, too dear, no such model, … */
    REFUSED,
    /** No connection, or none that speaks the protocol. */
    UNREACHABLE,
    /** The stream broke. */
    BROKEN,
    /** Nothing came for too long. */
    STALLED,
    /** It sent something forbidden or forged. */
    MISBEHAVED,
    /** Its engine failed. */
    FAILED,
    /** The client ended it. */
    CANCELLED;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
