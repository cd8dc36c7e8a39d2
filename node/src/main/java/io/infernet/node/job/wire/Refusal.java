package io.infernet.node.job.wire;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Why a provider does not take a job, or cannot go on with it.
 *
 * @param reason the kind
 * @param detail in words for a person; may be empty
 * @param retryAfter when it may be worth asking again, if the provider says so
 */
public record Refusal(Reason reason, String detail, Optional<Duration> retryAfter) {

  public Refusal {
    requireNonNull(reason, "reason is null");
    requireNonNull(detail, "detail is null");
    requireNonNull(retryAfter, "retryAfter is null");
  }

  /** A refusal without a time to ask again. */
  public static Refusal of(Reason reason, String detail) {
    return new Refusal(reason, detail, Optional.empty());
  }

  /** What stands in the way. */
  public enum Reason {
    BUSY,
    UNKNOWN_MODEL,
    /** It costs more than the client pays. */
    PRICE,
    CONTEXT_LENGTH,
    /** Too late, or further away than the provider plans. */
    DEADLINE,
    /** The provider does not want this job, or not from this client. */
    POLICY,
    BAD_REQUEST,
    SHUTTING_DOWN,
    /** The same request was there before. */
    REPLAY,
    ENGINE_FAILED;

    /** In words, such as {@code unknown model}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  @Override
  public String toString() {
    return detail.isEmpty() ? reason.toString() : reason + ": " + detail;
  }
}
