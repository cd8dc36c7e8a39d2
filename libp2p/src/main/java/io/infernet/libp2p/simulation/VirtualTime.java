package io.infernet.libp2p.simulation;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Time that stands still until a test moves it. Scheduler, ticker, clock and executor share one
 * order of events, by (time, sequence), so that a run is the same each time.
 *
 * <p>Tasks may be scheduled from any thread; they run on the thread that moves the time, one after
 * the other, and what they throw goes to the test.
 *
 * <p>Implementation notes: a binary heap whose events know their places, so that taking back a
 * timer, which most requests do, removes it at once. What is due at the present time is queued
 * beside the heap: it has a later sequence number than all of the same time in the heap.
 */
public final class VirtualTime implements Scheduler, Ticker, Executor {

  /** The instant at which every virtual clock starts. */
  public static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");

  /** How many tasks {@link #runUntilIdle} runs before it takes them for an endless loop. */
  private static final long RUN_LIMIT = 100_000_000;

  private Event[] heap = new Event[64];
  private int heapSize;
  private final Queue<Event> dueNow = new ArrayDeque<>();
  private int cancelledDueNow;
  private volatile long now;
  private long sequence;

  @Override
  public long nanoTime() {
    return now;
  }

  /** A wall clock in UTC that starts at {@link #EPOCH} and follows this time. */
  public Clock clock() {
    return new VirtualClock(ZoneOffset.UTC);
  }

  @Override
  public Cancellable schedule(Duration delay, Runnable task) {
    Task entry = new Task(this, task);
    synchronized (this) {
      add(entry, Math.addExact(now, Math.max(0, delay.toNanos())));
    }
    return entry;
  }

  /** Runs {@code task} at the present time, after everything that is due already. */
  @Override
  public void execute(Runnable task) {
    Task entry = new Task(this, task);
    synchronized (this) {
      add(entry, now);
    }
  }

  /** Lets an event happen at {@code due}, which is not in the past. */
  synchronized void add(Event event, long due) {
    event.due = due;
    event.sequence = sequence++;
    if (due == now) {
      event.place = Event.DUE_NOW;
      dueNow.add(event);
    } else {
      if (heapSize == heap.length) {
        heap = Arrays.copyOf(heap, 2 * heapSize);
      }
      moveUp(event, heapSize++);
    }
  }

  /** Moves the time by {@code duration}, running what falls due on the way in its order. */
  public void advance(Duration duration) {
    long target = Math.addExact(now, duration.toNanos());
    for (Event event = poll(target); event != null; event = poll(target)) {
      event.happen();
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
    Event event = poll(Long.MAX_VALUE);
    if (event == null) {
      return false;
    }
    event.happen();
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
    return heapSize + dueNow.size() - cancelledDueNow;
  }

  /** How long until the next task is due; empty when none waits. */
  public synchronized Optional<Duration> untilNext() {
    if (dueNow.size() > cancelledDueNow) {
      return Optional.of(Duration.ZERO);
    }
    return heapSize == 0
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(Math.max(0, heap[0].due - now)));
  }

  private synchronized @Nullable Event poll(long latest) {
    while (true) {
      if (heapSize > 0 && heap[0].due <= now) {
        return take();
      }
      Event next = dueNow.poll();
      if (next == null) {
        if (heapSize == 0 || heap[0].due > latest) {
          return null;
        }
        now = heap[0].due;
        return take();
      }
      if (next.place == Event.DUE_NOW) {
        next.place = Event.GONE;
        return next;
      }
      cancelledDueNow--;
    }
  }

  private Event take() {
    Event first = heap[0];
    remove(0);
    first.place = Event.GONE;
    return first;
  }

  private synchronized void cancel(Event event) {
    if (event.place == Event.DUE_NOW) {
      cancelledDueNow++;
    } else if (event.place >= 0) {
      remove(event.place);
    }
    event.place = Event.GONE;
  }

  private void remove(int place) {
    Event last = heap[--heapSize];
    heap[heapSize] = null;
    if (place < heapSize) {
      moveDown(last, place);
      if (last.place == place) {
        moveUp(last, place);
      }
    }
  }

  private void moveUp(Event event, int from) {
    int place = from;
    while (place > 0) {
      int parent = (place - 1) >>> 1;
      if (!event.isBefore(heap[parent])) {
        break;
      }
      put(heap[parent], place);
      place = parent;
    }
    put(event, place);
  }

  private void moveDown(Event event, int from) {
    int place = from;
    while (2 * place + 1 < heapSize) {
      int child = 2 * place + 1;
      if (child + 1 < heapSize && heap[child + 1].isBefore(heap[child])) {
        child++;
      }
      if (!heap[child].isBefore(event)) {
        break;
      }
      put(heap[child], place);
      place = child;
    }
    put(event, place);
  }

  private void put(Event event, int place) {
    heap[place] = event;
    event.place = place;
  }

  /** Something that happens once, at a time. */
  abstract static class Event {
    private static final int GONE = -1;
    private static final int DUE_NOW = -2;

    private long due;
    private long sequence;

    /** Its index in the heap, or one of the constants. */
    private int place = GONE;

    abstract void happen();

    private boolean isBefore(Event other) {
      return due != other.due ? due < other.due : sequence < other.sequence;
    }
  }

  private static final class Task extends Event implements Cancellable {
    private final VirtualTime time;
    private final Runnable action;

    Task(VirtualTime time, Runnable action) {
      this.time = time;
      this.action = action;
    }

    @Override
    void happen() {
      action.run();
    }

    @Override
    public void cancel() {
      time.cancel(this);
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
