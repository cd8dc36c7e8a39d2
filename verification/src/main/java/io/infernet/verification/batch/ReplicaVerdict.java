package io.infernet.verification.batch;

import java.util.Locale;

/** What came out about one worker's part in a shard. */
public enum ReplicaVerdict {
  /** It found what the shard settled on. */
  AGREED,
  /** It found something else. */
  OUTVOTED,
  /** It did not commit in time. */
  SILENT,
  /** It committed, but did not reveal in time. */
  NO_REVEAL,
  /** What it revealed is not what it had committed to. */
  FALSE_REVEAL,
  /** It got an item wrong whose answer was known. */
  FAILED_TEST_ITEM;

  /** In words, such as {@code no reveal}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
