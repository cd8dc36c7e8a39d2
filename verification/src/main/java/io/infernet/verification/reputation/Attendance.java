package io.infernet.verification.reputation;

/** Whether a worker did what it was asked, whatever came of it. */
public enum Attendance {
  /** It did. */
  SERVED,
  /** It did not answer, or not in time. */
  TIMED_OUT,
  /** It refused what it had offered. */
  REFUSED,
  /**
   * It refused what its owner does not want done; that is nobody's fault and counts for nothing.
   */
  REFUSED_BY_POLICY
}
