package io.infernet.inference.quantization;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Some threads for file work, as long as it takes. Confined to one thread. */
final class Workers implements AutoCloseable {

  /** A piece of work. */
  @FunctionalInterface
  interface Task {
    void run() throws IOException;
  }

  private final ExecutorService threads;
  private final List<Future<?>> running = new ArrayList<>();

  Workers(int threads) {
    this.threads =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "quantization");
              thread.setDaemon(true);
              return thread;
            });
  }

  void submit(Task task) {
    running.add(
        threads.submit(
            () -> {
              task.run();
              return null;
            }));
  }

  /**
   * Waits for all that was submitted.
   *
   * @throws IOException the first that a task threw; unchecked ones likewise
   */
  void await() throws IOException {
    try {
      for (Future<?> task : running) {
        task.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      running.clear();
    }
  }

  /** Ends the threads; what has not begun is dropped. */
  @Override
  public void close() {
    threads.shutdownNow();
    boolean interrupted = false;
    while (!threads.isTerminated()) {
      try {
        threads.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
