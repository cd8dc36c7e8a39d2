package io.infernet.verification.batch;

import java.util.EnumSet;
import java.util.Set;

/** How far one worker is with its part in a shard, as the aggregator sees it. */
public enum ReplicaState {
  /** It has the items. */
  ASSIGNED,
  /** It stands by results that it has not shown. */
  COMMITTED,
  /** It has shown them. */
  REVEALED,
  /** It refused, failed or was too late. */
  LOST;

  /** The states that may follow. */
  public Set<ReplicaState> next() {
    return switch (this) {
      case ASSIGNED -> EnumSet.of(COMMITTED, LOST);
      case COMMITTED -> EnumSet.of(REVEALED, LOST);
      case REVEALED, LOST -> EnumSet.noneOf(ReplicaState.class);
    };
  }
}
