package io.infernet.libp2p.concurrent;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Runs tasks later. Tasks must be short: they share one thread with all other timers, and hand work
 * on to the executor it belongs to. Safe from any thread.
 */
public interface Scheduler {

  /** A task that has not run yet and can still be taken back. */
  @FunctionalInterface
  interface Cancellable {
    /** Takes the task back; does nothing when it has run already. */
    void cancel();
  }

  /** Runs {@code task} once after {@code delay}. */
  Cancellable schedule(Duration delay, Runnable task);

  /**
   * Fails {@code future} with a {@link TimeoutException} when it is not done within {@code
   * timeout}. The JDK's {@code orTimeout} is not used because it runs on real time.
   *
   * @return {@code future} itself
   */
  default <T> CompletableFuture<T> timeout(
      CompletableFuture<T> future, Duration timeout, Supplier<String> message) {
    Cancellable timer =
        schedule(timeout, () -> future.completeExceptionally(new TimeoutException(message.get())));
    future.whenComplete((value, error) -> timer.cancel());
    return future;
  }
}
