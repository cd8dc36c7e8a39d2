package io.infernet.node.job;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The events of one job for one subscriber. What it does not take yet is kept, and texts in a row
 * become one, so that no more is kept than the answer. Events are put in on the service's event
 * thread and delivered there.
 */
final class ChatEvents implements Flow.Publisher<ChatEvent> {

  private static final Logger LOG = LoggerFactory.getLogger(ChatEvents.class);

  private final PatientExecutor executor;

  // Owned by the executor.
  private final Deque<ChatEvent> waiting = new ArrayDeque<>();

  /** Text that follows what waits. */
  private final StringBuilder tailText = new StringBuilder();

  private final List<AnswerToken> tailTokens = new ArrayList<>();
  private Flow.@Nullable Subscriber<? super ChatEvent> subscriber;
  private long demand;
  private boolean taken;
  private boolean ended;
  private Optional<Throwable> error = Optional.empty();
  private boolean delivering;

  ChatEvents(PatientExecutor executor) {
    this.executor = executor;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super ChatEvent> newSubscriber) {
    executor.execute(() -> accept(newSubscriber));
  }

  private void accept(Flow.Subscriber<? super ChatEvent> newSubscriber) {
    boolean first = !taken;
    taken = true;
    newSubscriber.onSubscribe(
        new Flow.Subscription() {
          @Override
          public void request(long n) {
            executor.execute(() -> requested(newSubscriber, n));
          }

          @Override
          public void cancel() {
            executor.execute(() -> forget(newSubscriber));
          }
        });
    if (!first) {
      newSubscriber.onError(new IllegalStateException("the job has a subscriber already"));
      return;
    }
    subscriber = newSubscriber;
    deliver();
  }

  private void requested(Flow.Subscriber<? super ChatEvent> from, long n) {
    if (from != subscriber) {
      return;
    }
    if (n <= 0) {
      subscriber = null;
      from.onError(new IllegalArgumentException("demand must be above 0: " + n));
      return;
    }
    demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
    deliver();
  }

  private void forget(Flow.Subscriber<? super ChatEvent> who) {
    if (who == subscriber) {
      subscriber = null;
      clear();
    }
  }

  /** Adds an event. */
  void publish(ChatEvent event) {
    if (ended || (taken && subscriber == null)) {
      return;
    }
    if (event instanceof ChatEvent.Text text) {
      tailText.append(text.delta());
      tailTokens.addAll(text.tokens());
    } else {
      closeTail();
      waiting.add(event);
    }
    deliver();
  }

  private void closeTail() {
    if (!tailText.isEmpty() || !tailTokens.isEmpty()) {
      waiting.add(new ChatEvent.Text(tailText.toString(), tailTokens));
      tailText.setLength(0);
      tailTokens.clear();
    }
  }

  private void clear() {
    waiting.clear();
    tailText.setLength(0);
    tailTokens.clear();
  }

  /** Whether an event waits. */
  private boolean hasNext() {
    if (waiting.isEmpty()) {
      closeTail();
    }
    return !waiting.isEmpty();
  }

  /** Ends the events, with an error or well. */
  void end(Optional<Throwable> cause) {
    if (!ended) {
      ended = true;
      error = cause;
      deliver();
    }
  }

  private void deliver() {
    if (delivering) {
      return;
    }
    delivering = true;
    try {
      while (subscriber != null && demand > 0 && hasNext()) {
        demand--;
        subscriber.onNext(waiting.remove());
      }
      if (subscriber != null && ended && !hasNext()) {
        Flow.Subscriber<? super ChatEvent> last = subscriber;
        subscriber = null;
        if (error.isPresent()) {
          last.onError(error.get());
        } else {
          last.onComplete();
        }
      }
    } catch (RuntimeException e) {
      LOG.warn("a subscriber to a job's events failed", e);
      subscriber = null;
      clear();
    } finally {
      delivering = false;
    }
  }
}
