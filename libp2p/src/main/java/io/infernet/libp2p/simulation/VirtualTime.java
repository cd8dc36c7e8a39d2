package io.infernet.libp2p.simulation;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Time that stands still until a test moves it. Scheduler, ticker, clock and executor share one
 * queue ordered by (time, sequence), so that a run is the same each time.
 *
 * <p>Tasks may be scheduled from any thread; they run on the thread that moves the time, one after
 * the other, and what they throw goes to the test.
 */
public final class VirtualTime implements Scheduler, Ticker, Executor {

  /** The instant at which every virtual clock starts. */
  public static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");

  /** How many tasks {@link #runUntilIdle} runs before it takes them for an endless loop. */
  private static final long RUN_LIMIT = 100_000_000;

  private final PriorityQueue<Task> queue = new PriorityQueue<>();
  private long now;
  private long sequence;

  @Override
  public synchronized long nanoTime() {
    return now;
  }

  /** A wall clock in UTC that starts at {@link #EPOCH} and follows this time. */
  public Clock clock() {
    return new VirtualClock(ZoneOffset.UTC);
  }

  @Override
  public synchronized Cancellable schedule(Duration delay, Runnable task) {
    long due = Math.addExact(now, Math.max(0, delay.toNanos()));
    Task entry = new Task(due, sequence++, task);
    queue.add(entry);
    return () -> remove(entry);
  }

  /** Runs {@code task} at the present time, after everything that is due already. */
  @Override
  public void execute(Runnable task) {
    schedule(Duration.ZERO, task);
  }

  /** Moves the time by {@code duration}, running what falls due on the way in its order. */
  public void advance(Duration duration) {
    long target = Math.addExact(nanoTime(), duration.toNanos());
    for (Task task = poll(target); task != null; task = poll(target)) {
      task.action.run();
    }
    synchronized (this) {
      now = target;
    }
  }

  /** Runs what is due now, and what that makes due now. */
  public void runDue() {
    advance(Duration.ZERO);
  }

  /**
   * Moves the time to the next task and runs it.
   *
   * @return false when there was none
   */
  public boolean runNext() {
    Task task = poll(Long.MAX_VALUE);
    if (task == null) {
      return false;
    }
    task.action.run();
    return true;
  }

  /**
   * Runs tasks until none is left. Not for code with periodic timers: there it throws {@link
   * IllegalStateException} after very many tasks.
   */
  public void runUntilIdle() {
    for (long i = 0; i < RUN_LIMIT; i++) {
      if (!runNext()) {
        return;
      }
    }
    throw new IllegalStateException("still not idle after " + RUN_LIMIT + " tasks");
  }

  /** How many tasks wait. */
  public synchronized int pendingTasks() {
    return queue.size();
  }

  /** How long until the next task is due; empty when none waits. */
  public synchronized Optional<Duration> untilNext() {
    return Optional.ofNullable(queue.peek()).map(task -> Duration.ofNanos(task.due - now));
  }

  private synchronized @Nullable Task poll(long latest) {
    Task next = queue.peek();
    if (next == null || next.due > latest) {
      return null;
    }
    queue.remove();
    now = next.due;
    return next;
  }

  private synchronized void remove(Task task) {
    queue.remove(task);
  }

  /** One entry of the queue; equal only to itself. */
  private static final class Task implements Comparable<Task> {
    private final long due;
    private final long sequence;
    private final Runnable action;

    Task(long due, long sequence, Runnable action) {
      this.due = due;
      this.sequence = sequence;
      this.action = action;
    }

    @Override
    public int compareTo(Task other) {
      int byTime = Long.compare(due, other.due);
      return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
    }
  }

  private final class VirtualClock extends Clock {
    private final ZoneId zone;

    VirtualClock(ZoneId zone) {
      this.zone = zone;
    }

    @Override
    public ZoneId getZone() {
      return zone;
    }

    @Override
    public Clock withZone(ZoneId other) {
      return new VirtualClock(other);
    }

    @Override
    public Instant instant() {
      return EPOCH.plusNanos(nanoTime());
    }
  }
}
