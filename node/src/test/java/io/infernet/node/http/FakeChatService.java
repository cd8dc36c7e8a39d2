package io.infernet.node.http;

import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.Usage;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.node.job.AnswerToken;
import io.infernet.node.job.Attempt;
import io.infernet.node.job.ChatEvent;
import io.infernet.node.job.ChatJob;
import io.infernet.node.job.ChatRequest;
import io.infernet.node.job.ChatResult;
import io.infernet.node.job.ChatService;
import io.infernet.node.job.JobCancelledException;
import io.infernet.node.job.Provider;
import io.infernet.verification.commitment.JobId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.function.Function;

/**
 * Answers by a script. Events are delivered on the subscriber's thread, as it asks for them; a
 * script that ends without an answer or an error hangs.
 */
final class FakeChatService implements ChatService {

  static final PeerId FIRST = peer(1);
  static final PeerId SECOND = peer(2);
  static final Cid MODEL =
      Cid.of(0x0200, Multihash.sha256("model".getBytes(StandardCharsets.UTF_8)));

  /** What happens to one job: events, then maybe an error. */
  record Script(List<ChatEvent> events, Optional<RuntimeException> error) {}

  private final Function<ChatRequest, Script> scripts;
  final List<ChatRequest> requests = new CopyOnWriteArrayList<>();
  final List<Job> jobs = new CopyOnWriteArrayList<>();

  FakeChatService(Function<ChatRequest, Script> scripts) {
    this.scripts = scripts;
  }

  /** Says these words, one token each. */
  static FakeChatService saying(String... words) {
    return new FakeChatService(request -> new Script(answer(request, words), Optional.empty()));
  }

  static FakeChatService failing(RuntimeException error) {
    return new FakeChatService(request -> new Script(List.of(), Optional.of(error)));
  }

  /** Starts and says one word, then nothing. */
  static FakeChatService hangingAfter(String word) {
    return new FakeChatService(
        request -> new Script(answer(request, word).subList(0, 2), Optional.empty()));
  }

  /** Says the same word again and again, as fast as it is heard. */
  static FakeChatService talkingWithoutEnd(String word) {
    ChatEvent said = new ChatEvent.Text(word, List.of());
    return new FakeChatService(
        request -> new Script(Collections.nCopies(Integer.MAX_VALUE, said), Optional.empty()));
  }

  static List<ChatEvent> answer(ChatRequest request, String... words) {
    JobId job = JobId.fromBytes(new byte[JobId.LENGTH]);
    Provider provider = new Provider(FIRST, false);
    List<ChatEvent> events = new ArrayList<>();
    events.add(new ChatEvent.Started(job, provider, MODEL, 3));
    List<AnswerToken> tokens = new ArrayList<>();
    for (int i = 0; i < words.length; i++) {
      AnswerToken token = token(request, i, words[i]);
      tokens.add(token);
      events.add(new ChatEvent.Text(words[i], List.of(token)));
    }
    events.add(
        new ChatEvent.Finished(
            new ChatResult(
                job,
                request.model(),
                MODEL,
                String.join("", words),
                tokens,
                new Usage(3, words.length),
                FinishReason.STOP,
                provider,
                Optional.of("ab".repeat(32)),
                ChatResult.Verdict.UNAUDITED,
                17,
                new ChatResult.Timings(Duration.ofMillis(5), Duration.ofMillis(20)),
                List.of(
                    new Attempt(
                        provider,
                        Attempt.Outcome.COMPLETED,
                        "",
                        words.length,
                        Duration.ofMillis(20))))));
    return events;
  }

  private static AnswerToken token(ChatRequest request, int index, String text) {
    if (request.topLogprobs().isEmpty() || (request.echo() && index == 0)) {
      return new AnswerToken(index, text, Optional.empty());
    }
    List<AnswerToken.Alternative> top = new ArrayList<>();
    for (int i = 0; i < request.topLogprobs().getAsInt(); i++) {
      top.add(new AnswerToken.Alternative(100 + i, "alt" + i, -2.0 - i));
    }
    return new AnswerToken(index, text, Optional.of(new AnswerToken.Score(-0.5, top)));
  }

  private static PeerId peer(int seed) {
    byte[] bytes = new byte[34];
    bytes[0] = 0x12;
    bytes[1] = 32;
    bytes[2] = (byte) seed;
    try {
      return PeerId.fromBytes(bytes);
    } catch (ProtocolViolationException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public ChatJob start(ChatRequest request) {
    requests.add(request);
    Job job = new Job(scripts.apply(request));
    jobs.add(job);
    return job;
  }

  /** One job, and whether it was cancelled. */
  static final class Job implements ChatJob {
    final CompletableFuture<Void> cancelled = new CompletableFuture<>();
    private final Script script;
    private final CompletableFuture<ChatResult> result = new CompletableFuture<>();

    Job(Script script) {
      this.script = script;
    }

    @Override
    public JobId id() {
      return JobId.fromBytes(new byte[JobId.LENGTH]);
    }

    @Override
    public Flow.Publisher<ChatEvent> events() {
      return subscriber ->
          subscriber.onSubscribe(
              new Flow.Subscription() {
                private int next;

                @Override
                public void request(long n) {
                  if (next < script.events().size()) {
                    subscriber.onNext(script.events().get(next++));
                  } else {
                    script.error().ifPresent(subscriber::onError);
                  }
                }

                @Override
                public void cancel() {}
              });
    }

    @Override
    public CompletableFuture<ChatResult> result() {
      return result;
    }

    @Override
    public void cancel() {
      cancelled.complete(null);
      result.completeExceptionally(new JobCancelledException("cancelled"));
    }
  }
}
