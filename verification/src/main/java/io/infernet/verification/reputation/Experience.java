package io.infernet.verification.reputation;

import static java.util.Objects.requireNonNull;

import io.infernet.verification.commitment.Hash;
import java.time.Instant;

/**
 * One thing that a score rests on.
 *
 * @param evidence its name; the same evidence counts once
 * @param kind what it was
 * @param what in a few words, for a person
 * @param when from then on its weight declines
 */
public record Experience(Hash evidence, Kind kind, String what, Instant when) {

  /** Longest text of {@code what}, in characters. */
  public static final int MAX_TEXT = 200;

  /** What it was. */
  public enum Kind {
    /** A check that the worker passed: 1 for α. */
    PASS,
    /** A check that it failed: nothing yet; several convict. */
    FAIL,
    /** Proof, or several failed checks: α is lost, and β grows. */
    CONVICTION
  }

  public Experience {
    requireNonNull(evidence, "evidence is null");
    requireNonNull(kind, "kind is null");
    if (what.length() > MAX_TEXT) {
      throw new IllegalArgumentException("a text of " + what.length() + " characters");
    }
    when = Instant.ofEpochMilli(when.toEpochMilli());
  }
}
