package io.infernet.libp2p.concurrent;

/** A monotonic clock for measuring durations; its origin means nothing. Safe from any thread. */
@FunctionalInterface
public interface Ticker {

  /** Nanoseconds since an arbitrary origin. */
  long nanoTime();

  /** The JVM's {@link System#nanoTime()}. */
  static Ticker system() {
    return System::nanoTime;
  }
}
