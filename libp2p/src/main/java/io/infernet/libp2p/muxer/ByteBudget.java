package io.infernet.libp2p.muxer;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Received bytes that may wait for their readers, all connections of a host together: what one
 * connection may hold is nothing that many of them may hold at once. Safe from any thread.
 */
public final class ByteBudget {

  private final AtomicLong left;

  public ByteBudget(long bytes) {
    this.left = new AtomicLong(bytes);
  }

  /** Takes {@code bytes}, or nothing when there are fewer. */
  public boolean take(int bytes) {
    if (left.addAndGet(-bytes) >= 0) {
      return true;
    }
    left.addAndGet(bytes);
    return false;
  }

  /** Gives back what was taken. */
  public void give(int bytes) {
    left.addAndGet(bytes);
  }

  /** Bytes that are left. */
  public long left() {
    return left.get();
  }
}
