package io.infernet.discovery.directory;

import io.infernet.libp2p.concurrent.Scheduler;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Runs tasks on a service's event thread for sure: when that takes no more work, again a little
 * later, until the timer is closed. What must go on for ever may depend on it. Safe from any
 * thread.
 */
final class EventTimer {

  private static final Duration RETRY = Duration.ofMillis(200);

  private final Executor executor;
  private final Scheduler scheduler;
  private volatile boolean closed;

  EventTimer(Executor executor, Scheduler scheduler) {
    this.executor = executor;
    this.scheduler = scheduler;
  }

  /** Runs {@code task} now, or as soon as the event thread takes it. */
  void run(Runnable task) {
    new Pending(task).fire();
  }

  /** Runs {@code task} after a while; a negative one is none. */
  Scheduler.Cancellable later(Duration wait, Runnable task) {
    Pending pending = new Pending(task);
    pending.arm(wait.isNegative() ? Duration.ZERO : wait);
    return pending;
  }

  /** Runs nothing that the event thread has not taken yet. */
  void close() {
    closed = true;
  }

  private final class Pending implements Scheduler.Cancellable {
    private final Runnable task;
    private volatile boolean cancelled;
    private volatile Scheduler.Cancellable timer = () -> {};

    Pending(Runnable task) {
      this.task = task;
    }

    void arm(Duration wait) {
      timer = scheduler.schedule(wait, this::fire);
    }

    void fire() {
      if (cancelled || closed) {
        return;
      }
      try {
        executor.execute(this::runUnlessCancelled);
      } catch (RejectedExecutionException e) {
        arm(RETRY);
      }
    }

    private void runUnlessCancelled() {
      if (!cancelled) {
        task.run();
      }
    }

    @Override
    public void cancel() {
      cancelled = true;
      timer.cancel();
    }
  }
}
