package io.infernet.inference.batching;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * Does the same with many rows of logits, on several threads when that pays. Called by one thread
 * at a time, which works too.
 */
final class RowWorkers {

  /** Logits for which another thread pays: about 50 µs of work. */
  private static final int NUMBERS_PER_THREAD = 1 << 16;

  private final Executor helpers;
  private final int threads;

  /**
   * @param helpers runs tasks beside the calling thread; may refuse them
   * @param threads that work at once, the calling one included
   */
  RowWorkers(Executor helpers, int threads) {
    this.helpers = helpers;
    this.threads = threads;
  }

  /**
   * Calls {@code work} once for each of {@code rows} rows, and returns when all calls have.
   *
   * @param width logits in a row
   * @param work must not throw
   */
  void forEach(int rows, int width, IntConsumer work) {
    long useful = (long) rows * width / NUMBERS_PER_THREAD;
    int workers = (int) Math.min(Math.min(threads, rows), useful);
    if (workers <= 1) {
      for (int row = 0; row < rows; row++) {
        work.accept(row);
      }
      return;
    }
    AtomicInteger next = new AtomicInteger();
    CountDownLatch left = new CountDownLatch(rows);
    Runnable task =
        () -> {
          for (int row = next.getAndIncrement(); row < rows; row = next.getAndIncrement()) {
            try {
              work.accept(row);
            } finally {
              left.countDown();
            }
          }
        };
    try {
      for (int i = 1; i < workers; i++) {
        helpers.execute(task);
      }
    } catch (RejectedExecutionException e) {
      // Then this thread does more.
    }
    task.run();
    boolean interrupted = false;
    while (true) {
      try {
        left.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
