package io.infernet.libp2p.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.concurrent.Scheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class VirtualTimeTest {

  private final VirtualTime time = new VirtualTime();
  private final List<String> ran = new ArrayList<>();

  @Test
  void runsTasksInOrderOfTimeThenOfScheduling() {
    time.schedule(Duration.ofSeconds(2), () -> ran.add("late"));
    time.schedule(Duration.ofSeconds(1), () -> ran.add("first"));
    time.schedule(Duration.ofSeconds(1), () -> ran.add("second"));
    time.execute(() -> ran.add("now"));

    time.advance(Duration.ofSeconds(1));

    assertEquals(List.of("now", "first", "second"), ran);
    assertEquals(Duration.ofSeconds(1).toNanos(), time.nanoTime());
    assertEquals(Optional.of(Duration.ofSeconds(1)), time.untilNext());
  }

  @Test
  void showsEachTaskItsOwnTime() {
    List<Long> seen = new ArrayList<>();
    time.schedule(
        Duration.ofNanos(5),
        () -> {
          seen.add(time.nanoTime());
          time.schedule(Duration.ofNanos(3), () -> seen.add(time.nanoTime()));
        });

    time.advance(Duration.ofNanos(10));

    assertEquals(List.of(5L, 8L), seen);
    assertEquals(VirtualTime.EPOCH.plusNanos(10), time.clock().instant());
  }

  @Test
  void runsNoCancelledTask() {
    Scheduler.Cancellable task = time.schedule(Duration.ofSeconds(1), () -> ran.add("no"));
    task.cancel();
    task.cancel();

    time.runUntilIdle();

    assertTrue(ran.isEmpty());
    assertEquals(0, time.pendingTasks());
  }

  @Test
  void jumpsFromTaskToTaskUntilIdle() {
    time.schedule(
        Duration.ofDays(1), () -> time.schedule(Duration.ofDays(1), () -> ran.add("done")));

    time.runUntilIdle();

    assertEquals(List.of("done"), ran);
    assertEquals(Duration.ofDays(2).toNanos(), time.nanoTime());
    assertFalse(time.runNext());
  }

  @Test
  void failsAFutureThatIsLate() {
    CompletableFuture<String> late = new CompletableFuture<>();
    CompletableFuture<String> timely = new CompletableFuture<>();
    time.timeout(late, Duration.ofSeconds(1), () -> "too late");
    time.timeout(timely, Duration.ofSeconds(1), () -> "too late");
    timely.complete("done");

    time.advance(Duration.ofSeconds(1));

    CompletionException error = assertThrows(CompletionException.class, late::join);
    assertTrue(error.getCause() instanceof TimeoutException);
    assertEquals("too late", error.getCause().getMessage());
    assertEquals("done", timely.join());
    assertEquals(0, time.pendingTasks());
  }
}
