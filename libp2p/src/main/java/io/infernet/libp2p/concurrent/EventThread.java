package io.infernet.libp2p.concurrent;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The one thread on which a service and its stream handlers run, so that they need no locks. Its
 * queue is bounded: {@link #execute} throws {@link RejectedExecutionException} when it is full or
 * the thread was closed. Its owner closes it.
 */
public final class EventThread implements Executor, AutoCloseable {

  private final ThreadPoolExecutor executor;
  private volatile Thread thread;

  /**
   * @param name the thread's name
   * @param queueCapacity how many tasks may wait
   */
  public EventThread(String name, int queueCapacity) {
    executor =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(queueCapacity),
            runnable -> {
              Thread created = new Thread(runnable, name);
              created.setDaemon(true);
              thread = created;
              return created;
            });
    executor.prestartAllCoreThreads();
  }

  @Override
  public void execute(Runnable task) {
    executor.execute(task);
  }

  /** Whether the caller runs on this thread. */
  public boolean isCurrent() {
    return Thread.currentThread() == thread;
  }

  /** Throws {@link IllegalStateException} unless the caller runs on this thread. */
  public void assertCurrent() {
    if (!isCurrent()) {
      throw new IllegalStateException("not on " + thread.getName());
    }
  }

  /** Takes no more tasks, runs those that wait for up to {@code limit}, and ends the thread. */
  public void drain(Duration limit) {
    executor.shutdown();
    try {
      executor.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    executor.shutdownNow();
  }

  /** Drops what waits and ends the thread after the task it runs. */
  @Override
  public void close() {
    executor.shutdownNow();
  }
}
