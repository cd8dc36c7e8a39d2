package io.infernet.verification.batch;

import java.util.EnumSet;
import java.util.Set;

/** How far a shard is, as its aggregator sees it. */
public enum ShardState {
  /** No worker has it. */
  OPEN,
  /** Workers have it; commitments are awaited. */
  ASSIGNED,
  /** No commitment is taken any more; results are awaited. */
  COMMITTED,
  /** No result is taken any more; what there is can be compared. */
  REVEALED,
  /** Its results are known. */
  SETTLED,
  /** More replicas are needed. */
  ESCALATED,
  /** It is given up. */
  FAILED;

  /** The states that may follow. */
  public Set<ShardState> next() {
    return switch (this) {
      case OPEN, ESCALATED -> EnumSet.of(ASSIGNED, FAILED);
      case ASSIGNED -> EnumSet.of(OPEN, COMMITTED, FAILED);
      case COMMITTED -> EnumSet.of(REVEALED, FAILED);
      case REVEALED -> EnumSet.of(SETTLED, ESCALATED, FAILED);
      case SETTLED, FAILED -> EnumSet.noneOf(ShardState.class);
    };
  }

  /** Whether nothing follows. */
  public boolean isFinal() {
    return next().isEmpty();
  }
}
