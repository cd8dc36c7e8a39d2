package io.infernet.verification.batch;

import java.util.EnumSet;
import java.util.Set;

/** How far a worker is with an assignment. */
public enum WorkState {
  /** It has the items, and computes. */
  ACCEPTED,
  /** It has results, and has committed to them. */
  COMMITTED,
  /** It may show them, and does. */
  REVEALED,
  /** It knows what came out. */
  JUDGED,
  /** Nobody needs it any more. */
  CANCELLED,
  /** It could not be done. */
  FAILED;

  /** The states that may follow. */
  public Set<WorkState> next() {
    return switch (this) {
      case ACCEPTED -> EnumSet.of(COMMITTED, CANCELLED, FAILED);
      case COMMITTED -> EnumSet.of(REVEALED, CANCELLED, FAILED);
      case REVEALED -> EnumSet.of(JUDGED, CANCELLED);
      case JUDGED, CANCELLED, FAILED -> EnumSet.noneOf(WorkState.class);
    };
  }

  /** Whether nothing follows. */
  public boolean isFinal() {
    return next().isEmpty();
  }
}
