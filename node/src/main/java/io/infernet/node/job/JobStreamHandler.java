package io.infernet.node.job;

import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.ContextLengthExceededException;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.GeneratedToken;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.engine.remote.BackendUsage;
import io.infernet.inference.engine.remote.CodePoints;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.Secp256k1;
import io.infernet.node.job.wire.JobMessage;
import io.infernet.node.job.wire.Quote;
import io.infernet.node.job.wire.Refusal;
import io.infernet.verification.commitment.Commitment;
import io.infernet.verification.commitment.CommitmentChain;
import io.infernet.verification.commitment.JobRequest;
import io.infernet.verification.receipt.AnswerEnd;
import io.infernet.verification.receipt.Receipt;
import io.infernet.verification.receipt.ReceiptVerdict;
import io.infernet.verification.receipt.SignedReceipt;
import io.infernet.verification.wire.SignedJobRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The provider's side of one stream: from the request to the client's half of the receipt. Runs on
 * the provider's event thread.
 *
 * <p>One message is under way at a time: while the client does not read, tokens collect here and
 * then leave together, so that a slow client costs at most the memory of its answer; one that reads
 * nothing for the send timeout is cut off.
 */
final class JobStreamHandler implements MessageListener<JobMessage>, EngineFeed.Sink {

  private static final Logger LOG = LoggerFactory.getLogger(JobStreamHandler.class);

  private enum State {
    AWAITING_REQUEST,
    /** Tokens are made or not all sent. */
    RUNNING,
    /** The provider's half of the receipt is being stored. */
    SETTLING,
    AWAITING_ACK,
    /** The complete receipt is being stored. */
    CLOSING,
    ENDED
  }

  private final JobProvider provider;
  private final MessageStream<JobMessage> stream;
  private final PeerId remote;
  private State state = State.AWAITING_REQUEST;
  private Scheduler.Cancellable timer = () -> {};
  private Scheduler.Cancellable deadline = () -> {};

  /** Which timer counts; one that fired while it was replaced does not. */
  private int timerEpoch;

  // From the request on.
  private @Nullable Job job;

  /** What is known and done about the accepted request. */
  private static final class Job {
    final JobRequest request;
    final Quote quote;
    final CommitmentChain chain;
    final Instant startedAt;
    final long startedTick;
    Generation generation = () -> {};

    /** Made, not sent. */
    final Deque<GeneratedToken> waiting = new ArrayDeque<>();

    /** To be sent before the tokens that wait. */
    final Deque<JobMessage> urgent = new ArrayDeque<>();

    boolean sending;
    @Nullable AnswerEnd end;

    /** The client wants no more, and a backend has yet to say what it used. */
    boolean stopping;

    /** Why the engine cannot go on. */
    @Nullable Refusal failure;

    /** What a backend counted. */
    Usage usage = new Usage(0, 0);

    /** Tokens that are part of the answer after a stop. */
    int kept;

    Duration firstToken = Duration.ZERO;
    boolean anyToken;
    @Nullable SignedReceipt receipt;

    Job(JobRequest request, Quote quote, Instant startedAt, long startedTick) {
      this.request = request;
      this.quote = quote;
      this.chain = new CommitmentChain(request);
      this.startedAt = startedAt;
      this.startedTick = startedTick;
    }
  }

  JobStreamHandler(JobProvider provider, MessageStream<JobMessage> stream) {
    this.provider = provider;
    this.stream = stream;
    this.remote = stream.stream().connection().remotePeer();
  }

  void start() {
    setTimer(provider.config.requestTimeout(), () -> abort("no request came"));
    stream.listen(this);
    // Heard even when the event thread was too busy for the stream's own word.
    stream.stream()
        .closed()
        .thenRun(
            () ->
                provider.executor.execute(
                    () -> onReset(new PeerUnavailableException("the stream has ended"))));
  }

  PeerId remote() {
    return remote;
  }

  // What the client says.

  @Override
  public void onMessage(JobMessage message) {
    if (state == State.ENDED) {
      return;
    }
    if (message instanceof JobMessage.Request request && state == State.AWAITING_REQUEST) {
      onRequest(request.signed());
    } else if (message instanceof JobMessage.Stop stop && job != null) {
      onStop(job, stop.keepTokens());
    } else if (message instanceof JobMessage.ReceiptAck ack
        && state == State.AWAITING_ACK
        && job != null) {
      onAck(job, ack.clientSignature());
    } else {
      abort("a message out of turn");
    }
  }

  private void onRequest(SignedJobRequest signed) {
    JobRequest request = signed.request();
    Instant now = provider.clock.instant();
    Optional<InstalledModel> model = provider.models.find(request.model());
    Optional<Refusal> refusal = check(signed, now);
    if (refusal.isEmpty()) {
      refusal = provider.admit(request);
    }
    if (refusal.isEmpty() && model.isEmpty()) {
      refusal = Optional.of(Refusal.of(Refusal.Reason.UNKNOWN_MODEL, request.model().toString()));
    }
    if (refusal.isPresent()) {
      refuse(refusal.get());
      return;
    }
    accept(request, model.orElseThrow(), now);
  }

  /** What is wrong with a request whatever the state of this provider; cheap checks first. */
  private Optional<Refusal> check(SignedJobRequest signed, Instant now) {
    JobRequest request = signed.request();
    if (!request.client().equals(remote)) {
      return badRequest("the request is of another client");
    }
    if (!request.provider().equals(provider.self)) {
      return badRequest("the request is for another provider");
    }
    if (remote.publicKey().filter(key -> key.type() == KeyType.SECP256K1).isEmpty()) {
      return badRequest("receipts need a secp256k1 identity");
    }
    if (request.topLogprobs().orElse(0) < 0
        || request.topLogprobs().orElse(0) > GenerationRequest.MAX_TOP_LOGPROBS) {
      return badRequest("topLogprobs out of range");
    }
    if (!request.deadline().isAfter(now)) {
      return Optional.of(Refusal.of(Refusal.Reason.DEADLINE, "the deadline has passed"));
    }
    if (request.deadline().isAfter(now.plus(provider.config.maxDeadline()))) {
      return Optional.of(
          Refusal.of(
              Refusal.Reason.DEADLINE,
              "deadlines may be " + provider.config.maxDeadline().toSeconds() + " s away"));
    }
    if (!signed.isSignedByClient()) {
      return badRequest("the signature does not fit");
    }
    return Optional.empty();
  }

  private static Optional<Refusal> badRequest(String detail) {
    return Optional.of(Refusal.of(Refusal.Reason.BAD_REQUEST, detail));
  }

  private void accept(JobRequest request, InstalledModel model, Instant now) {
    int prompt = request.prompt().size();
    int context = provider.engine.contextLength(model.manifest());
    int most =
        model.manifest().isBackend()
            ? request.maxTokens()
            : Math.min(request.maxTokens(), Math.max(0, context - prompt));
    Quote quote =
        new Quote(
            request.jobId(),
            request.attempt(),
            provider.config.prices(),
            provider.config.prices().price(prompt + most),
            request.deadline());
    if (quote.maximum() > request.maxPrice()) {
      refuse(
          Refusal.of(
              Refusal.Reason.PRICE,
              "up to " + quote.maximum() + ", you pay up to " + request.maxPrice()));
      return;
    }
    Job accepted = new Job(request, quote, now, provider.ticker.nanoTime());
    try {
      // The engine begins before the quote is signed: the signature costs the client no time.
      accepted.generation =
          provider.engine.generate(
              new GenerationRequest(
                      model,
                      request.prompt(),
                      request.outputSoFar(),
                      request.sampling(),
                      request.maxTokens(),
                      Set.copyOf(request.stopIds()),
                      request.topLogprobs(),
                      request.scorePrompt())
                  .forTenant(remote.toString()),
              new EngineFeed(this, provider.executor));
    } catch (EngineBusyException e) {
      refuse(provider.busy(e.getMessage()));
      return;
    } catch (ContextLengthExceededException e) {
      refuse(Refusal.of(Refusal.Reason.CONTEXT_LENGTH, e.getMessage()));
      return;
    } catch (InfernetException e) {
      refuse(Refusal.of(Refusal.Reason.ENGINE_FAILED, e.getMessage()));
      return;
    }
    job = accepted;
    state = State.RUNNING;
    stopTimer();
    provider.jobStarted(remote);
    deadline =
        provider.scheduler.schedule(
            Duration.between(now, request.deadline()),
            () ->
                provider.executor.execute(
                    () ->
                        end(Refusal.of(Refusal.Reason.DEADLINE, "the job's deadline has passed"))));
    accepted.urgent.add(new JobMessage.Quoted(provider.codec.sign(quote, provider.key)));
    pump(accepted);
  }

  private void onStop(Job running, int keep) {
    if (state != State.RUNNING) {
      // It crossed the result.
      return;
    }
    int sent = running.chain.size();
    if (keep > sent) {
      abort("it keeps more tokens than were sent");
      return;
    }
    running.generation.cancel();
    running.waiting.clear();
    if (isBackend(running) && running.end == null) {
      running.stopping = true;
      return;
    }
    running.end = AnswerEnd.CLIENT_STOP;
    running.kept = Math.max(keep, sent - provider.config.maxUnpaidTokens());
    pump(running);
  }

  private void onAck(Job running, Secp256k1.Signature clientSignature) {
    SignedReceipt half = running.receipt;
    if (half == null) {
      throw new IllegalStateException("an ack is awaited without a receipt");
    }
    SignedReceipt complete = half.withClientSignature(clientSignature);
    if (!(provider.verifier.verify(complete) instanceof ReceiptVerdict.Valid)) {
      abort("the client's signature does not fit the receipt");
      return;
    }
    stopTimer();
    state = State.CLOSING;
    store(
        complete,
        () -> {
          closeInTime();
          finish();
        });
  }

  @Override
  public void onRemoteClose() {
    if (state != State.CLOSING && state != State.ENDED) {
      abort("the client left");
    }
  }

  @Override
  public void onReset(Throwable cause) {
    if (state != State.CLOSING && state != State.ENDED) {
      LOG.debug("{}: {}", stream, cause.getMessage());
      finish();
    }
  }

  // What the engine says.

  @Override
  public void onPrompt(List<Optional<TokenScore>> scores) {
    Job running = runningJob();
    if (running == null) {
      return;
    }
    int piece = provider.config.limits().maxTokensPerFrame();
    for (int at = 1; at < scores.size(); at += piece) {
      List<TokenScore> part = new ArrayList<>();
      for (int i = at; i < Math.min(scores.size(), at + piece); i++) {
        part.add(scores.get(i).orElseThrow());
      }
      running.urgent.add(new JobMessage.PromptScores(at, part));
    }
    pump(running);
  }

  @Override
  public void onTokens(List<GeneratedToken> tokens) {
    Job running = runningJob();
    if (running == null) {
      return;
    }
    if (running.stopping) {
      return;
    }
    if (!running.anyToken) {
      running.anyToken = true;
      running.firstToken = since(running.startedTick);
    }
    running.waiting.addAll(tokens);
    pump(running);
  }

  @Override
  public void onFinish(FinishReason reason, Usage usage) {
    Job running = runningJob();
    if (running == null) {
      return;
    }
    running.usage = usage;
    if (running.stopping) {
      running.end = AnswerEnd.CLIENT_STOP;
      pump(running);
      return;
    }
    if (reason == FinishReason.CANCELLED) {
      end(Refusal.of(Refusal.Reason.ENGINE_FAILED, "the engine was closed"));
      return;
    }
    running.end = reason == FinishReason.STOP ? AnswerEnd.STOP_TOKEN : AnswerEnd.LENGTH;
    pump(running);
  }

  @Override
  public void onError(Throwable error) {
    if (runningJob() != null && error instanceof EngineBusyException) {
      fail(provider.busy(error.getMessage()));
    } else if (runningJob() != null) {
      boolean explained = error instanceof InfernetException;
      LOG.warn(
          "job {} failed: {}",
          job == null ? "" : job.request.jobId(),
          explained ? error.getMessage() : "",
          explained ? null : error);
      fail(
          Refusal.of(
              Refusal.Reason.ENGINE_FAILED,
              error instanceof InfernetException ? error.getMessage() : "the engine failed"));
    }
  }

  /** Ends the job for that reason, after the message that is under way. */
  private void fail(Refusal refusal) {
    if (job != null && job.sending) {
      job.failure = refusal;
    } else {
      end(refusal);
    }
  }

  private static boolean isBackend(Job running) {
    return ModelManifest.isBackend(running.request.model());
  }

  /** The job, unless its answer has ended already. */
  private @Nullable Job runningJob() {
    return state == State.RUNNING && job != null && job.end == null ? job : null;
  }

  // Sending.

  /** Sends what is next, if nothing is under way. */
  private void pump(Job running) {
    while (state == State.RUNNING && !running.sending) {
      JobMessage next = running.urgent.poll();
      if (next == null && !running.waiting.isEmpty()) {
        next = nextTokens(running);
      }
      if (next != null) {
        send(running, next);
      } else if (running.end != null) {
        settle(running, running.end);
      } else {
        return;
      }
    }
  }

  /** What waits, up to the end of the chunk; its commitment goes next. */
  private JobMessage nextTokens(Job running) {
    CommitmentChain chain = running.chain;
    int offset = chain.size();
    int size =
        Math.min(
            Math.min(running.waiting.size(), provider.config.limits().maxTokensPerFrame()),
            CommitmentChain.CHUNK - offset % CommitmentChain.CHUNK);
    int[] ids = new int[size];
    List<TokenScore> scores = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      GeneratedToken token = running.waiting.remove();
      ids[i] = token.id();
      token.score().ifPresent(scores::add);
      Optional<Commitment> commitment = chain.add(token.id());
      commitment.ifPresent(link -> running.urgent.add(new JobMessage.Committed(link)));
    }
    return new JobMessage.Tokens(offset, TokenIds.of(ids), scores);
  }

  private void send(Job running, JobMessage message) {
    running.sending = true;
    var sent = stream.send(message);
    if (sent.isDone() && !sent.isCompletedExceptionally()) {
      running.sending = false;
      return;
    }
    setTimer(provider.config.sendTimeout(), () -> abort("the client does not read"));
    sent.whenComplete(
        (ok, error) ->
            provider.executor.execute(
                () -> {
                  if (state != State.RUNNING) {
                    return;
                  }
                  stopTimer();
                  running.sending = false;
                  if (error == null && running.failure != null) {
                    end(running.failure);
                  } else if (error == null) {
                    pump(running);
                  } else {
                    abort("sending failed: " + error.getMessage());
                  }
                }));
  }

  // The end.

  /** The receipt is on the disk before the client sees it. */
  private void settle(Job running, AnswerEnd end) {
    state = State.SETTLING;
    deadline.cancel();
    JobRequest request = running.request;
    int kept = end == AnswerEnd.CLIENT_STOP ? running.kept : running.chain.size();
    int prompt = request.prompt().size();
    int made = kept;
    if (isBackend(running)) {
      // Tokens are what the backend counted, of as much of its text as the client has.
      kept = running.chain.size();
      prompt = running.usage.promptTokens();
      made =
          Math.min(
              running.usage.completionTokens(),
              BackendUsage.maxCompletionTokens(
                  request.maxTokens(), CodePoints.utf8Length(running.chain.tokens())));
    }
    int total = request.outputSoFar().size() + made;
    Instant finishedAt = provider.clock.instant();
    SignedReceipt half =
        SignedReceipt.byProvider(
            new Receipt(
                request.jobId(),
                request.attempt(),
                request.client(),
                request.provider(),
                request.model(),
                running.chain.first(),
                running.chain.end(kept),
                prompt,
                request.outputSoFar().size(),
                made,
                running.quote.price(prompt + total),
                end,
                running.startedAt,
                // A clock that was set back makes no impossible receipt.
                finishedAt.isBefore(running.startedAt) ? running.startedAt : finishedAt),
            provider.key);
    running.receipt = half;
    Duration whole = since(running.startedTick);
    JobMessage.Timings timings =
        new JobMessage.Timings(running.anyToken ? running.firstToken : whole, whole);
    store(half, () -> sendResult(new JobMessage.Result(half, timings)));
  }

  private void sendResult(JobMessage.Result result) {
    if (state != State.SETTLING) {
      return;
    }
    state = State.AWAITING_ACK;
    setTimer(provider.config.ackTimeout(), () -> abort("the client did not agree to the receipt"));
    stream.send(result);
  }

  /** Stores a receipt and goes on, here, once it is on the disk. */
  private void store(SignedReceipt receipt, Runnable then) {
    try {
      provider.storage.execute(
          () -> {
            try {
              provider.receipts.put(receipt);
            } catch (RuntimeException e) {
              LOG.error("the receipt of job {} was not stored", receipt.receipt().jobId(), e);
              provider.executor.execute(() -> abort("the receipt was not stored"));
              return;
            }
            provider.executor.execute(then);
          });
    } catch (RejectedExecutionException e) {
      abort("the storage is overloaded or closed");
    }
  }

  private void refuse(Refusal refusal) {
    LOG.debug("{} refused: {}", remote, refusal);
    state = State.ENDED;
    stopTimer();
    stream.send(new JobMessage.Refused(refusal));
    closeInTime();
    provider.ended(this);
  }

  /** Ends the job in mid-answer and says why, so that the client goes on elsewhere. */
  void end(Refusal refusal) {
    if (state == State.RUNNING && job != null && !job.sending) {
      stream.send(new JobMessage.Refused(refusal));
      closeInTime();
      finish();
    } else if (state != State.ENDED) {
      abort(refusal.toString());
    }
  }

  private void abort(String why) {
    LOG.debug("{}: reset: {}", stream, why);
    stream.reset();
    if (state != State.ENDED) {
      finish();
    }
  }

  private void closeInTime() {
    stream.closeWrite();
    Scheduler.Cancellable limit =
        provider.scheduler.schedule(provider.config.sendTimeout(), stream::reset);
    stream.stream().closed().thenRun(limit::cancel);
  }

  private void finish() {
    state = State.ENDED;
    stopTimer();
    deadline.cancel();
    if (job != null) {
      job.generation.cancel();
      provider.jobEnded(remote);
    }
    provider.ended(this);
  }

  private Duration since(long tick) {
    return Duration.ofNanos(provider.ticker.nanoTime() - tick);
  }

  private void setTimer(Duration delay, Runnable action) {
    timer.cancel();
    int epoch = ++timerEpoch;
    timer =
        provider.scheduler.schedule(
            delay,
            () ->
                provider.executor.execute(
                    () -> {
                      if (epoch == timerEpoch) {
                        action.run();
                      }
                    }));
  }

  private void stopTimer() {
    timerEpoch++;
    timer.cancel();
  }
}
