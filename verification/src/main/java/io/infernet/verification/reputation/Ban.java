package io.infernet.verification.reputation;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Optional;

/**
 * That a worker gets no work.
 *
 * @param until when it is over; empty for good
 * @param reason for a person
 */
public record Ban(Optional<Instant> until, String reason) {

  public Ban {
    until = until.map(end -> Instant.ofEpochMilli(end.toEpochMilli()));
    requireNonNull(reason, "reason is null");
  }

  public boolean holdsAt(Instant now) {
    return until.isEmpty() || now.isBefore(until.get());
  }
}
