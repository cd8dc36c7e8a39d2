package io.infernet.node.job;

import io.infernet.discovery.directory.Directory;
import io.infernet.discovery.directory.DirectoryQuery;
import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.engine.remote.BackendException;
import io.infernet.inference.engine.remote.CodePoints;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelNotFoundException;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.node.DeadlinePassedException;
import io.infernet.node.NoProviderException;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.commitment.JobRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One job from request to result: asks one provider after another, each for what the one before
 * left open, so that the reader sees one answer. Everything after {@link #prepare} runs on the
 * service's event thread.
 */
final class ChatRun implements ChatJob {

  /** How long a machine that can make the answer itself looks for somebody else. */
  private static final Duration LOCAL_PATIENCE = Duration.ofMillis(300);

  private static final Logger LOG = LoggerFactory.getLogger(ChatRun.class);

  /** Before the same provider is asked again, whatever it says. */
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(200);

  private final NetworkChatService service;
  private final ChatRequest request;
  private final JobId id;
  private final boolean onlyHere;
  private final ChatEvents events;
  private final CompletableFuture<ChatResult> result = new CompletableFuture<>();
  private final Instant createdAt;
  private final long createdTick;

  private volatile JobRecord record;

  // Owned by the event thread.
  private @Nullable Running running;
  private final List<Attempt> attempts = new ArrayList<>();
  private final List<Decision> decisions = new ArrayList<>();
  private Optional<Provider> lastProvider = Optional.empty();
  private Optional<Duration> firstToken = Optional.empty();
  private boolean searched;
  private boolean ended;
  private Scheduler.Cancellable deadlineTimer = () -> {};
  private Scheduler.Cancellable retryTimer = () -> {};

  /** Who is not asked again, with why; this node among them. */
  private final Map<PeerId, String> givenUp = new LinkedHashMap<>();

  /** Who may be asked again, from what tick on. */
  private final Map<PeerId, Long> later = new LinkedHashMap<>();

  /** What is being answered and what is there of it. */
  private static final class Work {
    final ChatPlan plan;
    final AnswerBuilder answer;

    /** Whether this machine has the model; else only its name is known. */
    final boolean here;

    boolean promptScored;

    Work(ChatPlan plan, AnswerBuilder answer, boolean here) {
      this.plan = plan;
      this.answer = answer;
      this.here = here;
    }
  }

  /**
   * @param onlyHere whether neither peers nor backends may be asked
   */
  ChatRun(NetworkChatService service, ChatRequest request, JobId id, boolean onlyHere) {
    this.service = service;
    this.request = request;
    this.id = id;
    this.onlyHere = onlyHere;
    this.events = new ChatEvents(service.executor);
    this.createdAt = service.clock.instant();
    this.createdTick = service.ticker.nanoTime();
    this.record = snapshot(JobRecord.State.RUNNING, Optional.empty(), "");
  }

  @Override
  public JobId id() {
    return id;
  }

  @Override
  public Flow.Publisher<ChatEvent> events() {
    return events;
  }

  @Override
  public CompletableFuture<ChatResult> result() {
    return result.copy();
  }

  @Override
  public void cancel() {
    stop(new JobCancelledException("the job was cancelled"));
  }

  /** What is known of it now. Safe from any thread. */
  JobRecord record() {
    return record;
  }

  /** Ends the job for that reason. Safe from any thread. */
  void stop(InfernetException error) {
    service.executor.execute(() -> fail(error));
  }

  /** Reads the model's tokenizer and makes token ids; may wait, so it runs in the background. */
  void prepare() {
    if (record.state() != JobRecord.State.RUNNING) {
      // It was cancelled while others were read.
      return;
    }
    try {
      Optional<InstalledModel> here = service.models.find(request.model());
      if (onlyHere && here.map(model -> model.manifest().isBackend()).orElse(true)) {
        throw new ModelNotFoundException(
            request.model(), "for requests of other nodes, only what lies on this one's disk");
      }
      // A backend's model can be asked for by its name alone.
      InstalledModel model =
          here.orElseGet(
              () ->
                  service.directory.isPresent()
                      ? InstalledModel.ofBackend(request.model())
                      : service.models.require(request.model()));
      ChatPlan plan =
          ChatPlan.of(
              request,
              model,
              service.codec(model),
              service.config,
              service.clock.instant(),
              service::newLong);
      service.executor.execute(() -> begin(plan, here.isPresent()));
    } catch (RuntimeException | Error e) {
      service.executor.execute(() -> fail(e));
    }
  }

  private void begin(ChatPlan plan, boolean here) {
    if (ended) {
      return;
    }
    Work begun =
        new Work(
            plan,
            new AnswerBuilder(plan.codec(), request.stop(), plan.topLogprobs().isPresent()),
            here);
    deadlineTimer =
        service.scheduler.schedule(
            plan.timeout(),
            () ->
                service.executor.execute(
                    () ->
                        fail(
                            new DeadlinePassedException(
                                "the answer was not complete after "
                                    + plan.timeout().toMillis()
                                    + " ms; allow more time or ask for fewer tokens"))));
    next(begun);
  }

  // Who is asked.

  private void next(Work now) {
    if (ended) {
      return;
    }
    ChatPlan plan = now.plan;
    if (attempts.size() >= service.config.maxAttempts()) {
      fail(nobody(plan));
      return;
    }
    long tick = service.ticker.nanoTime();
    Map<PeerId, String> notNow = new LinkedHashMap<>(givenUp);
    later.forEach(
        (peer, from) -> {
          if (from > tick) {
            notNow.put(peer, "asked a moment ago");
          }
        });
    Optional<Directory> directory = onlyHere ? Optional.empty() : service.directory;
    Decision decision =
        service.selector.choose(
            directory.map(known -> known.providers(plan.cid())).orElse(List.of()),
            new ProviderSelector.Needs(
                plan.cid(), plan.prompt().size(), plan.maxTokens(), plan.maxPrice()),
            notNow);
    decisions.add(decision);
    Optional<PeerId> best = decision.best(Decision.Standing.READY);
    Optional<PeerId> doubtful = decision.best(Decision.Standing.LEFT_ALONE);
    if (best.isPresent()) {
      askPeer(now, best.get());
    } else if (!searched && directory.isPresent()) {
      // Peers that have only just connected may not have said yet what they serve, and the DHT may
      // know providers that this node has never heard of.
      searched = true;
      service
          .scheduler
          .timeout(
              directory.get().find(wanted(plan, notNow.keySet())),
              patience(now, notNow),
              () -> "the directory is still searching")
          .whenComplete((found, error) -> service.executor.execute(() -> next(now)));
    } else if (mayUseEngine(now, notNow)) {
      askEngine(now, service.engine.orElseThrow());
    } else if (doubtful.isPresent()) {
      askPeer(now, doubtful.get());
    } else {
      awaitRetry(now, tick);
    }
  }

  private boolean mayUseEngine(Work now, Map<PeerId, String> notNow) {
    return now.here && service.engine.isPresent() && !notNow.containsKey(service.self);
  }

  private Duration patience(Work now, Map<PeerId, String> notNow) {
    Duration usual = service.config.directoryTimeout();
    return mayUseEngine(now, notNow) && LOCAL_PATIENCE.compareTo(usual) < 0
        ? LOCAL_PATIENCE
        : usual;
  }

  private static DirectoryQuery wanted(ChatPlan plan, Set<PeerId> except) {
    return DirectoryQuery.of(plan.cid())
        .named(plan.model().name().toString())
        .costing(plan.maxPrice(), plan.prompt().size() + plan.maxTokens())
        .without(except);
  }

  private void awaitRetry(Work now, long tick) {
    Optional<Long> soonest =
        later.entrySet().stream()
            .filter(entry -> !givenUp.containsKey(entry.getKey()) && entry.getValue() > tick)
            .map(Map.Entry::getValue)
            .min(Long::compare);
    if (soonest.isEmpty()) {
      fail(
          now.here
                  || !attempts.isEmpty()
                  || !decisions.get(decisions.size() - 1).candidates().isEmpty()
              ? nobody(now.plan)
              : notFound());
      return;
    }
    retryTimer =
        service.scheduler.schedule(
            Duration.ofNanos(soonest.get() - tick),
            () -> service.executor.execute(() -> next(now)));
  }

  /** It is not here, and no peer has a backend that serves something of that name. */
  private ModelNotFoundException notFound() {
    return new ModelNotFoundException(
        request.model(),
        service.models.list().stream()
            .map(model -> model.name().toString())
            .collect(Collectors.joining(", ")));
  }

  private NoProviderException nobody(ChatPlan plan) {
    String tried =
        attempts.stream()
            .map(
                a ->
                    a.provider()
                        + " "
                        + a.outcome()
                        + (a.detail().isEmpty() ? "" : " (" + a.detail() + ")"))
            .distinct()
            .collect(Collectors.joining("; "));
    String passedOver =
        decisions.isEmpty()
            ? ""
            : decisions.get(decisions.size() - 1).candidates().stream()
                .filter(c -> attempts.stream().noneMatch(a -> a.provider().peer().equals(c.peer())))
                .map(c -> c.peer() + " " + c.why())
                .collect(Collectors.joining("; "));
    StringBuilder message =
        new StringBuilder("nobody can answer with " + plan.model().name() + ": ");
    if (tried.isEmpty() && passedOver.isEmpty()) {
      message.append("no connected peer serves it");
    } else {
      message.append(tried).append(tried.isEmpty() || passedOver.isEmpty() ? "" : "; ");
      message.append(passedOver);
    }
    if (service.engine.isEmpty()) {
      message.append("; this machine's own engine is not used");
    }
    return new NoProviderException(message.toString());
  }

  private void askPeer(Work now, PeerId peer) {
    ChatPlan plan = now.plan;
    JobRequest terms =
        new JobRequest(
            id,
            attempts.size(),
            service.self,
            peer,
            plan.cid(),
            plan.prompt(),
            now.answer.ids(),
            plan.sampling(),
            plan.maxTokens(),
            plan.stopIds(),
            plan.topLogprobs(),
            plan.scorePrompt() && !now.promptScored,
            plan.deadline(),
            plan.maxPrice(),
            service.newLong());
    boolean warm =
        service
            .directory
            .flatMap(known -> known.get(peer))
            .flatMap(record -> record.offer(plan.cid()))
            .map(offer -> offer.warm())
            .orElse(false);
    Running asked = new Running(now, new Provider(peer, false));
    running = asked;
    asked.attempt = service.client.start(terms, warm, plan.codec().vocabularySize(), asked);
  }

  private void askEngine(Work now, InferenceEngine engine) {
    Running asked = new Running(now, new Provider(service.self, true));
    running = asked;
    asked.attempt =
        LocalAttempt.start(
            engine,
            now.plan.generation(now.answer.ids(), now.plan.scorePrompt() && !now.promptScored),
            asked,
            service.executor);
  }

  /** The attempt under way, and what it says. */
  private final class Running implements JobAttempt.Listener {
    private final Work now;
    private final Provider provider;
    private final long startedTick = service.ticker.nanoTime();
    private @Nullable JobAttempt attempt;
    private int tokens;

    Running(Work now, Provider provider) {
      this.now = now;
      this.provider = provider;
    }

    @Override
    public void onAccepted() {
      if (!provider.local()) {
        service.selector.answered(provider.peer(), since(startedTick));
      }
      if (lastProvider.isEmpty()) {
        events.publish(
            new ChatEvent.Started(id, provider, now.plan.cid(), now.plan.prompt().size()));
        if (request.echo() && !now.plan.scorePrompt()) {
          now.answer.echo(echoed(now.plan), List.of());
          now.answer.takeText().ifPresent(events::publish);
        }
      } else {
        Attempt last = attempts.get(attempts.size() - 1);
        events.publish(
            new ChatEvent.Switched(
                lastProvider.get(),
                provider,
                last.outcome() + (last.detail().isEmpty() ? "" : ": " + last.detail()),
                now.answer.size()));
      }
      lastProvider = Optional.of(provider);
    }

    @Override
    public void onPromptScores(List<Optional<TokenScore>> scores) {
      now.promptScored = true;
      now.answer.echo(now.plan.prompt(), scores);
      now.answer.takeText().ifPresent(events::publish);
    }

    @Override
    public void onTokens(TokenIds ids, List<TokenScore> scores) {
      if (firstToken.isEmpty()) {
        firstToken = Optional.of(since(createdTick));
      }
      boolean goOn = true;
      for (int i = 0; i < ids.size() && goOn; i++) {
        tokens++;
        goOn =
            now.answer.add(
                ids.get(i), scores.isEmpty() ? Optional.empty() : Optional.of(scores.get(i)));
      }
      now.answer.takeText().ifPresent(events::publish);
      if (!goOn && attempt != null) {
        attempt.stop(tokens);
      }
    }

    @Override
    public void onCompleted(JobAttempt.Completion completion) {
      completion.usage().ifPresent(counted -> tokens = counted.completionTokens());
      record(this, Attempt.Outcome.COMPLETED, "");
      if (!provider.local()) {
        service.selector.succeeded(provider.peer());
      }
      finish(
          now,
          provider,
          completion.reason(),
          completion.receipt().map(signed -> signed.receipt().id()),
          completion.price(),
          completion.usage());
    }

    @Override
    public void onFailed(Attempt.Outcome outcome, String detail, Optional<Duration> retryAfter) {
      record(this, outcome, detail);
      LOG.info("job {}: {} {}: {}", id, provider, outcome, detail);
      if (now.answer.isStopped()) {
        // The answer was complete; only its receipt is missing.
        finish(now, provider, FinishReason.STOP, Optional.empty(), 0, Optional.empty());
        return;
      }
      if (now.plan.isBackend() && now.answer.size() > 0) {
        fail(brokenOff(provider, detail));
        return;
      }
      if (tokens > 0 && now.answer.size() == now.plan.maxTokens()) {
        finish(now, provider, FinishReason.LENGTH, Optional.empty(), 0, Optional.empty());
        return;
      }
      remember(provider, outcome, detail, retryAfter);
      next(now);
    }
  }

  /** What an echo shows: a backend's prompt is more than its text. */
  private TokenIds echoed(ChatPlan plan) {
    return plan.isBackend() && request.prompt() instanceof Prompt.Text plain
        ? CodePoints.ids(plain.text())
        : plan.prompt();
  }

  /** Another server of that name may be another model: its words are not put behind these. */
  private static InfernetException brokenOff(Provider provider, String detail) {
    return new BackendException(
        "the answer broke off at %s (%s); a backend's answer cannot be continued elsewhere, so ask"
                .formatted(provider, detail)
            + " again");
  }

  /** Decides whether and when the one that failed is asked again. */
  private void remember(
      Provider provider, Attempt.Outcome outcome, String detail, Optional<Duration> retryAfter) {
    PeerId peer = provider.peer();
    if (!provider.local() && outcome != Attempt.Outcome.REFUSED) {
      service.selector.failed(peer);
    }
    boolean passing =
        switch (outcome) {
          case REFUSED -> retryAfter.isPresent();
          case UNREACHABLE, BROKEN, STALLED -> !later.containsKey(peer);
          case MISBEHAVED, FAILED, CANCELLED, COMPLETED -> false;
        };
    Duration pause = retryAfter.orElse(service.config.retryPause());
    if (pause.compareTo(SHORTEST_PAUSE) < 0) {
      pause = SHORTEST_PAUSE;
    }
    if (passing && pause.compareTo(service.config.maxDeadline()) < 0) {
      later.put(peer, service.ticker.nanoTime() + pause.toNanos());
    } else {
      givenUp.put(peer, outcome + (detail.isEmpty() ? "" : ": " + detail));
    }
  }

  private void record(Running over, Attempt.Outcome outcome, String detail) {
    running = null;
    attempts.add(new Attempt(over.provider, outcome, detail, over.tokens, since(over.startedTick)));
    record = snapshot(JobRecord.State.RUNNING, Optional.empty(), "");
  }

  // The end.

  private void finish(
      Work now,
      Provider provider,
      FinishReason reason,
      Optional<String> receipt,
      long price,
      Optional<Usage> counted) {
    if (ended) {
      return;
    }
    ChatPlan plan = now.plan;
    now.answer.end();
    now.answer.takeText().ifPresent(events::publish);
    Duration total = since(createdTick);
    boolean local =
        attempts.stream().allMatch(a -> a.provider().local() || a.tokens() == 0)
            && provider.local();
    ChatResult whole =
        new ChatResult(
            id,
            plan.model().name(),
            plan.cid(),
            now.answer.text(),
            now.answer.tokens(),
            counted.orElseGet(() -> new Usage(plan.prompt().size(), now.answer.size())),
            now.answer.isStopped() ? FinishReason.STOP : reason,
            provider,
            receipt,
            local ? ChatResult.Verdict.LOCAL : ChatResult.Verdict.UNAUDITED,
            price,
            new ChatResult.Timings(firstToken.orElse(total), total),
            attempts);
    end(snapshot(JobRecord.State.COMPLETED, Optional.of(whole), ""));
    events.publish(new ChatEvent.Finished(whole));
    events.end(Optional.empty());
    result.complete(whole);
  }

  private void fail(Throwable error) {
    if (ended) {
      return;
    }
    Running over = running;
    if (over != null && over.attempt != null) {
      over.attempt.cancel();
      record(over, Attempt.Outcome.CANCELLED, "");
    }
    end(
        snapshot(
            error instanceof JobCancelledException
                ? JobRecord.State.CANCELLED
                : JobRecord.State.FAILED,
            Optional.empty(),
            String.valueOf(error.getMessage())));
    events.end(Optional.of(error));
    result.completeExceptionally(error);
  }

  private void end(JobRecord last) {
    ended = true;
    deadlineTimer.cancel();
    retryTimer.cancel();
    record = last;
    service.ended(this);
    try {
      service.background.execute(
          () -> {
            try {
              service.jobs.put(last);
            } catch (RuntimeException e) {
              LOG.error("job {} was not stored", id, e);
            }
          });
    } catch (RejectedExecutionException e) {
      LOG.warn("job {} was not stored: the storage is overloaded or closed", id);
    }
  }

  private JobRecord snapshot(JobRecord.State state, Optional<ChatResult> whole, String error) {
    return new JobRecord(
        id,
        request.model(),
        createdAt,
        state == JobRecord.State.RUNNING ? Optional.empty() : Optional.of(service.clock.instant()),
        state,
        whole.map(ChatResult::usage),
        whole.map(ChatResult::provider).or(() -> lastProvider),
        whole.flatMap(ChatResult::receipt),
        whole.map(ChatResult::price).orElse(0L),
        attempts,
        decisions,
        error);
  }

  private Duration since(long tick) {
    return Duration.ofNanos(service.ticker.nanoTime() - tick);
  }
}
