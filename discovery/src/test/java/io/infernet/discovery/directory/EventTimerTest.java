package io.infernet.discovery.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.simulation.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class EventTimerTest {

  private final VirtualTime time = new VirtualTime();
  private final List<String> ran = new ArrayList<>();
  private boolean full;
  private final EventTimer timer =
      new EventTimer(
          task -> {
            if (full) {
              throw new RejectedExecutionException("full");
            }
            task.run();
          },
          time);

  @Test
  void runsWhatTheEventThreadCouldNotTakeAtFirst() {
    full = true;
    timer.run(() -> ran.add("now"));
    timer.later(Duration.ofSeconds(1), () -> ran.add("later"));
    time.advance(Duration.ofSeconds(5));
    assertEquals(List.of(), ran);

    full = false;
    time.advance(Duration.ofSeconds(1));
    assertEquals(Set.of("now", "later"), Set.copyOf(ran));
    time.advance(Duration.ofSeconds(5));
    assertEquals(2, ran.size());
  }

  @Test
  void runsNothingThatWasTakenBackOrAfterItsEnd() {
    Scheduler.Cancellable early = timer.later(Duration.ofSeconds(1), () -> ran.add("early"));
    early.cancel();
    full = true;
    Scheduler.Cancellable waiting = timer.later(Duration.ofSeconds(1), () -> ran.add("waiting"));
    time.advance(Duration.ofSeconds(2));
    waiting.cancel();
    timer.later(Duration.ofSeconds(1), () -> ran.add("last"));
    full = false;
    timer.close();
    time.advance(Duration.ofSeconds(5));

    assertEquals(List.of(), ran);
  }
}
