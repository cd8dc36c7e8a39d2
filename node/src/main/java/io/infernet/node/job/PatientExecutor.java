package io.infernet.node.job;

import io.infernet.libp2p.concurrent.Scheduler;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands tasks to an event thread and, when its queue is full, tries again a little later: for what
 * must not get lost, such as the end of a stream. For callers of which each has a bounded number of
 * tasks under way. Tasks that had to wait may run after later ones. Safe from any thread.
 */
final class PatientExecutor implements Executor {

  private static final Logger LOG = LoggerFactory.getLogger(PatientExecutor.class);

  private static final Duration RETRY = Duration.ofMillis(5);

  /** After that the event thread has been closed, not filled. */
  private static final int MAX_TRIES = 2_000;

  private final Executor executor;
  private final Scheduler scheduler;

  PatientExecutor(Executor executor, Scheduler scheduler) {
    this.executor = executor;
    this.scheduler = scheduler;
  }

  @Override
  public void execute(Runnable task) {
    execute(task, 1);
  }

  private void execute(Runnable task, int tries) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      if (tries < MAX_TRIES) {
        scheduler.schedule(RETRY, () -> execute(task, tries + 1));
      } else {
        LOG.debug("gave up on an event thread that takes no tasks");
      }
    }
  }
}
