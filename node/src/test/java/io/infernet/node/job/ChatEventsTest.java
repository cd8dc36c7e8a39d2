package io.infernet.node.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.node.UsageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class ChatEventsTest {

  private final VirtualTime time = new VirtualTime();
  private final ChatEvents events = new ChatEvents(new PatientExecutor(time, time));

  private static final class Slow implements Flow.Subscriber<ChatEvent> {
    Flow.Subscription subscription;
    final List<ChatEvent> got = new ArrayList<>();
    String end = "open";
    RuntimeException thrown;

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
    }

    @Override
    public void onNext(ChatEvent event) {
      got.add(event);
      if (thrown != null) {
        throw thrown;
      }
    }

    @Override
    public void onError(Throwable error) {
      end = error.getMessage();
    }

    @Override
    public void onComplete() {
      end = "complete";
    }
  }

  private Slow subscribe() {
    Slow subscriber = new Slow();
    events.subscribe(subscriber);
    time.runDue();
    return subscriber;
  }

  private void request(Slow subscriber, long n) {
    subscriber.subscription.request(n);
    time.runDue();
  }

  private static ChatEvent.Text text(String delta) {
    return new ChatEvent.Text(delta, List.of(new AnswerToken(1, delta, Optional.empty())));
  }

  private static ChatEvent.Switched switched() {
    Provider provider = new Provider(TestIdentities.peerId(1), true);
    return new ChatEvent.Switched(provider, provider, "why not", 1);
  }

  @Test
  void keepsEventsUntilTheyAreAskedForAndJoinsTexts() {
    events.publish(text("a"));
    events.publish(text("b"));
    events.publish(switched());
    Slow subscriber = subscribe();
    events.publish(text("c"));
    events.publish(text("d"));
    assertTrue(subscriber.got.isEmpty());

    request(subscriber, 1);
    ChatEvent.Text first = assertInstanceOf(ChatEvent.Text.class, subscriber.got.get(0));
    assertEquals("ab", first.delta());
    assertEquals(2, first.tokens().size());

    request(subscriber, 2);
    assertEquals(switched(), subscriber.got.get(1));
    assertEquals("cd", ((ChatEvent.Text) subscriber.got.get(2)).delta());

    events.end(Optional.empty());
    assertEquals("complete", subscriber.end);
  }

  @Test
  void endsOnlyAfterEverythingWasTaken() {
    Slow subscriber = subscribe();
    events.publish(text("a"));
    events.end(Optional.of(new IllegalStateException("broken")));
    assertEquals("open", subscriber.end);

    request(subscriber, 5);

    assertEquals(1, subscriber.got.size());
    assertEquals("broken", subscriber.end);
  }

  @Test
  void servesOneSubscriber() {
    subscribe();
    Slow second = subscribe();

    assertEquals("the job has a subscriber already", second.end);
  }

  @Test
  void refusesANonsensicalDemand() {
    Slow subscriber = subscribe();
    request(subscriber, 0);

    assertEquals("demand must be above 0: 0", subscriber.end);
  }

  @Test
  void tellsNothingAfterItWasCancelled() {
    Slow subscriber = subscribe();
    request(subscriber, Long.MAX_VALUE);
    request(subscriber, Long.MAX_VALUE);
    events.publish(text("a"));
    subscriber.subscription.cancel();
    time.runDue();
    events.publish(text("b"));
    events.end(Optional.empty());

    assertEquals(1, subscriber.got.size());
    assertEquals("open", subscriber.end);
  }

  @Test
  void survivesASubscriberThatFails() {
    Slow subscriber = subscribe();
    subscriber.thrown = new IllegalStateException("oops");
    request(subscriber, 10);
    events.publish(text("a"));
    events.publish(text("b"));
    events.end(Optional.empty());

    assertEquals(1, subscriber.got.size());
  }

  @Test
  void waitsForAnExecutorThatIsFull() {
    List<Runnable> ran = new ArrayList<>();
    boolean[] full = {true};
    PatientExecutor patient =
        new PatientExecutor(
            task -> {
              if (full[0]) {
                throw new RejectedExecutionException("full");
              }
              ran.add(task);
            },
            time);
    patient.execute(() -> {});
    time.advance(Duration.ofMillis(50));
    assertTrue(ran.isEmpty());
    full[0] = false;
    time.advance(Duration.ofMillis(50));

    assertEquals(1, ran.size());
    full[0] = true;
    patient.execute(() -> {});
    time.runUntilIdle();
    assertEquals(0, time.pendingTasks(), "it gives up on a closed one");
  }

  @Test
  void refusesImpossibleRequests() {
    ChatRequest.Builder usual = ChatRequest.builder("m");
    assertEquals(
        "top_k is negative: -1",
        assertThrows(UsageException.class, () -> usual.topK(-1).build()).getMessage());
    usual.topK(0);
    assertThrows(UsageException.class, () -> usual.temperature(-1).build());
    usual.temperature(1);
    assertThrows(UsageException.class, () -> usual.topP(0).build());
    usual.topP(1);
    assertThrows(UsageException.class, () -> usual.minP(-0.1).build());
    usual.minP(0.1);
    assertThrows(UsageException.class, () -> usual.repetitionPenalty(0).build());
    usual.repetitionPenalty(1.1);
    assertThrows(UsageException.class, () -> usual.presencePenalty(2.1).build());
    usual.presencePenalty(2);
    assertThrows(UsageException.class, () -> usual.frequencyPenalty(-2.1).build());
    usual.frequencyPenalty(-2);
    assertThrows(UsageException.class, () -> usual.logitBias(Map.of(1, 101.0)).build());
    assertThrows(UsageException.class, () -> usual.logitBias(Map.of(-1, 1.0)).build());
    usual.logitBias(Map.of(1, 100.0));
    assertThrows(UsageException.class, () -> usual.topLogprobs(21).build());
    usual.topLogprobs(20);
    assertThrows(UsageException.class, () -> usual.maxTokens(-1).build());
    usual.maxTokens(0);
    assertThrows(UsageException.class, () -> usual.stop(List.of("")).build());
    usual.stop(List.of("x"));
    assertThrows(UsageException.class, () -> usual.maxPrice(-1).build());
    usual.maxPrice(0);
    assertThrows(UsageException.class, () -> usual.deadline(Duration.ZERO).build());
    usual.deadline(Duration.ofSeconds(1));
    assertEquals("m", usual.build().model().toString());
  }
}
