package io.infernet.verification.reputation;

import io.infernet.verification.redundancy.ShardWork;

/** What {@link EvidenceChecker} found before anything was done again. */
public sealed interface Finding {

  /**
   * The worker did sign this; now it must be done again.
   *
   * @param work what to do
   */
  record Redo(ShardWork work) implements Finding {}

  /** It is about work too long ago to count. */
  record TooOld() implements Finding {}

  /**
   * It is not what it seems: whoever sent it made it up, altered it, or did not check it.
   *
   * @param reason for a person
   */
  record Forged(String reason) implements Finding {}
}
