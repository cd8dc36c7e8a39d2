package io.infernet.verification.batch;

import java.util.EnumSet;
import java.util.Set;

/** How far a batch is. */
public enum BatchState {
  /** The terms are agreed; no shard is cut yet. */
  ACCEPTED,
  /** Shards are being done. */
  RUNNING,
  /** Every item has its result. */
  COMPLETED,
  /** It ended with some items left undone. */
  PARTIAL,
  /** Its client needs no more. */
  CANCELLED,
  /** It ended without results. */
  FAILED;

  /** The states that may follow. */
  public Set<BatchState> next() {
    return switch (this) {
      case ACCEPTED -> EnumSet.of(RUNNING, COMPLETED, CANCELLED, FAILED);
      case RUNNING -> EnumSet.of(COMPLETED, PARTIAL, CANCELLED, FAILED);
      case COMPLETED, PARTIAL, CANCELLED, FAILED -> EnumSet.noneOf(BatchState.class);
    };
  }

  /** Whether nothing follows. */
  public boolean isFinal() {
    return next().isEmpty();
  }
}
