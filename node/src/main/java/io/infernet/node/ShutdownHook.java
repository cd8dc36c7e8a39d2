package io.infernet.node;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What is done when the JVM is told to end, until this is closed. Whoever has an engine needs one:
 * while the JVM ends, libtorch frees what it computes with, and a computation that is still going
 * on then takes the process down with an error report.
 */
public final class ShutdownHook implements AutoCloseable {

  private final CountDownLatch closed;
  private final Thread thread;

  /**
   * @param name of the thread
   * @param action is run when the JVM ends; the JVM waits for it
   */
  public ShutdownHook(String name, Runnable action) {
    this(name, action, new CountDownLatch(1));
  }

  private ShutdownHook(String name, Runnable action, CountDownLatch closed) {
    this.closed = closed;
    thread = new Thread(action, name);
    Runtime.getRuntime().addShutdownHook(thread);
  }

  /**
   * Interrupts the calling thread when the JVM ends, and lets the JVM wait until that thread has
   * closed this.
   *
   * @param patience for how long at most
   */
  public static ShutdownHook interruptingCaller(Duration patience) {
    Thread caller = Thread.currentThread();
    CountDownLatch closed = new CountDownLatch(1);
    return new ShutdownHook(
        "stop",
        () -> {
          caller.interrupt();
          try {
            closed.await(patience.toNanos(), TimeUnit.NANOSECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        },
        closed);
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(thread);
    } catch (IllegalStateException e) {
      // The JVM ends: the hook runs or has run.
    }
  }
}
