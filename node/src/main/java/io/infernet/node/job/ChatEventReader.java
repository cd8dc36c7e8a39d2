package io.infernet.node.job;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Hands the events of one job to a thread that may block, one at a time: the next is asked for when
 * the last was taken. Subscribe it to {@link ChatJob#events}; {@link #next} is for one thread.
 */
public final class ChatEventReader implements Flow.Subscriber<ChatEvent> {

  private record Signal(@Nullable ChatEvent event, @Nullable Throwable error) {}

  // One event that was asked for, and the end.
  private final BlockingQueue<Signal> signals = new ArrayBlockingQueue<>(2);
  private volatile Flow.@Nullable Subscription subscription;

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    this.subscription = subscription;
    subscription.request(1);
  }

  @Override
  public void onNext(ChatEvent event) {
    signals.add(new Signal(event, null));
  }

  @Override
  public void onError(Throwable error) {
    signals.add(new Signal(null, error));
  }

  @Override
  public void onComplete() {}

  /**
   * The next event; empty when none came in time.
   *
   * @throws CompletionException when the job failed
   */
  public Optional<ChatEvent> next(Duration timeout) throws InterruptedException {
    Signal signal = signals.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
    if (signal == null) {
      return Optional.empty();
    }
    if (signal.error() != null) {
      throw new CompletionException(signal.error());
    }
    Flow.Subscription current = subscription;
    if (current != null) {
      current.request(1);
    }
    return Optional.ofNullable(signal.event());
  }
}
