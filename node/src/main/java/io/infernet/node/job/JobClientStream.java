package io.infernet.node.job;

import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.engine.remote.BackendUsage;
import io.infernet.inference.engine.remote.CodePoints;
import io.infernet.inference.model.ModelManifest;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.node.job.wire.JobMessage;
import io.infernet.node.job.wire.Quote;
import io.infernet.node.job.wire.Refusal;
import io.infernet.node.job.wire.SignedQuote;
import io.infernet.verification.commitment.CommitmentChain;
import io.infernet.verification.commitment.JobRequest;
import io.infernet.verification.receipt.AnswerEnd;
import io.infernet.verification.receipt.Receipt;
import io.infernet.verification.receipt.ReceiptVerdict;
import io.infernet.verification.receipt.SignedReceipt;
import io.infernet.verification.wire.SignedJobRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's side of one stream: from the request to the counter-signed receipt. Believes
 * nothing: the tokens must follow each other, every chunk must be committed to before the next one,
 * and the receipt must say what happened. Runs on the client service's event thread.
 */
final class JobClientStream implements JobAttempt, MessageListener<JobMessage> {

  private static final Logger LOG = LoggerFactory.getLogger(JobClientStream.class);

  private enum State {
    CONNECTING,
    AWAITING_QUOTE,
    RECEIVING,
    /** The client has all it wants and awaits the result. */
    STOPPING,
    /** The receipt is being stored. */
    SETTLING,
    ENDED
  }

  private final JobClient client;
  private final JobRequest request;
  private final boolean warm;
  private final int vocabularySize;
  private final Listener listener;
  private final CommitmentChain chain;
  private final List<Optional<TokenScore>> promptScores = new ArrayList<>();
  private State state = State.CONNECTING;
  private @Nullable MessageStream<JobMessage> stream;
  private @Nullable Quote quote;
  private int committedChunks;
  private int keepTokens;
  private Scheduler.Cancellable timer = () -> {};

  /** Which timer counts; one that fired while it was replaced does not. */
  private int timerEpoch;

  JobClientStream(
      JobClient client, JobRequest request, boolean warm, int vocabularySize, Listener listener) {
    this.client = client;
    this.request = request;
    this.warm = warm;
    this.vocabularySize = vocabularySize;
    this.listener = listener;
    this.chain = new CommitmentChain(request);
  }

  void open() {
    setTimer(client.config.connectTimeout(), Attempt.Outcome.UNREACHABLE, "no connection in time");
    var opening = client.host.newStream(request.provider(), List.of(JobMessage.PROTOCOL));
    // The signature is made while the stream is on its way.
    SignedJobRequest signed = client.requests.sign(request, client.key);
    opening.whenComplete(
        (opened, error) -> client.executor.execute(() -> onOpened(opened, error, signed)));
  }

  private void onOpened(
      @Nullable Stream opened, @Nullable Throwable error, SignedJobRequest signed) {
    if (opened == null) {
      Throwable cause =
          error instanceof CompletionException && error.getCause() != null
              ? error.getCause()
              : error;
      fail(
          Attempt.Outcome.UNREACHABLE,
          cause == null || cause.getMessage() == null ? "no connection" : cause.getMessage());
      return;
    }
    if (state != State.CONNECTING) {
      opened.reset();
      return;
    }
    state = State.AWAITING_QUOTE;
    setTimer(client.config.quoteTimeout(), Attempt.Outcome.STALLED, "no answer to the request");
    MessageStream<JobMessage> messages = new MessageStream<>(opened, client.codec, client.executor);
    stream = messages;
    messages.listen(this);
    client.opened(request.provider());
    // Heard even when the event thread was too busy for the stream's own word.
    opened
        .closed()
        .thenRun(
            () ->
                client.executor.execute(
                    () -> {
                      client.ended(request.provider());
                      onReset(new PeerUnavailableException("the stream has ended"));
                    }));
    messages.send(new JobMessage.Request(signed));
  }

  @Override
  public void onMessage(JobMessage message) {
    if (state == State.SETTLING || state == State.ENDED) {
      return;
    }
    try {
      if (message instanceof JobMessage.Tokens tokens) {
        onTokens(tokens);
      } else if (message instanceof JobMessage.Committed committed) {
        onCommitted(committed);
      } else if (message instanceof JobMessage.Quoted quoted) {
        onQuoted(quoted.signed());
      } else if (message instanceof JobMessage.PromptScores scores) {
        onPromptScores(scores);
      } else if (message instanceof JobMessage.Result result) {
        onResult(result.receipt());
      } else if (message instanceof JobMessage.Refused refused) {
        onRefused(refused.refusal());
      } else {
        throw new ProtocolViolationException("a provider sent what only clients send");
      }
    } catch (ProtocolViolationException e) {
      LOG.info("{} violated the job protocol: {}", request.provider(), e.getMessage());
      fail(Attempt.Outcome.MISBEHAVED, e.getMessage());
    }
  }

  private void onQuoted(SignedQuote signed) throws ProtocolViolationException {
    require(state == State.AWAITING_QUOTE, "a second quote");
    Quote offered = signed.quote();
    require(
        offered.jobId().equals(request.jobId()) && offered.attempt() == request.attempt(),
        "a quote for another job");
    require(offered.maximum() <= request.maxPrice(), "a quote above the ceiling");
    require(!offered.validUntil().isBefore(request.deadline()), "a quote that lapses too early");
    require(signed.isSignedBy(request.provider()), "a quote with a wrong signature");
    quote = offered;
    state = State.RECEIVING;
    setTimer(
        warm ? client.config.firstTokenTimeout() : client.config.coldFirstTokenTimeout(),
        Attempt.Outcome.STALLED,
        "the first token did not come in time");
    listener.onAccepted();
    if (request.scorePrompt()) {
      // Nothing stands before the first token.
      promptScores.add(Optional.empty());
      deliverPromptScores();
    }
  }

  private void onRefused(Refusal refusal) {
    // A backend may say that it is busy when the quote is out already.
    boolean before =
        state == State.AWAITING_QUOTE
            || (refusal.reason() == Refusal.Reason.BUSY && chain.size() == 0);
    fail(
        before ? Attempt.Outcome.REFUSED : Attempt.Outcome.FAILED,
        refusal.toString(),
        refusal.retryAfter());
  }

  private void onPromptScores(JobMessage.PromptScores message) throws ProtocolViolationException {
    requireQuoted();
    require(request.scorePrompt(), "prompt scores that nobody asked for");
    require(chain.size() == 0, "prompt scores after the first token");
    require(message.offset() == promptScores.size(), "prompt scores out of order");
    require(
        promptScores.size() + message.scores().size() <= request.prompt().size(),
        "more scores than the prompt has tokens");
    requireAlternatives(message.scores());
    message.scores().forEach(score -> promptScores.add(Optional.of(score)));
    awaitNextToken();
    deliverPromptScores();
  }

  private void deliverPromptScores() {
    if (promptScores.size() == request.prompt().size() && state == State.RECEIVING) {
      listener.onPromptScores(promptScores);
    }
  }

  private void onTokens(JobMessage.Tokens message) throws ProtocolViolationException {
    requireQuoted();
    require(message.offset() == chain.size(), "tokens out of order");
    requirePromptScores();
    require(
        message.scores().isEmpty() == request.topLogprobs().isEmpty(),
        "scores where none were asked for, or none where they were");
    requireAlternatives(message.scores());
    int most =
        isBackend() ? BackendUsage.maxAnswerLength(request.maxTokens()) : request.maxTokens();
    int room = most - request.outputSoFar().size() - chain.size();
    require(message.ids().size() <= room, "more tokens than were asked for");
    for (int i = 0; i < message.ids().size(); i++) {
      int id = message.ids().get(i);
      require(id < vocabularySize, "a token that the model does not have");
      require(!request.stopIds().contains(id), "a stop token as part of the answer");
      require(
          chain.size() < CommitmentChain.CHUNK * (committedChunks + 1),
          "tokens go on without a commitment to those before");
      chain.add(id);
    }
    awaitNextToken();
    if (state == State.RECEIVING) {
      listener.onTokens(message.ids(), message.scores());
    }
  }

  private void onCommitted(JobMessage.Committed message) throws ProtocolViolationException {
    requireQuoted();
    int next = committedChunks + 1;
    require(message.commitment().index() == next, "commitments out of order");
    require(
        chain.commitment(next).filter(message.commitment()::equals).isPresent(),
        "a commitment that does not fit the tokens");
    committedChunks = next;
  }

  private void onResult(SignedReceipt signed) throws ProtocolViolationException {
    Quote agreed = requireQuoted();
    requirePromptScores();
    require(
        committedChunks == chain.size() / CommitmentChain.CHUNK,
        "a result without a commitment to the tokens before");
    Receipt receipt = signed.receipt();
    require(
        receipt.client().equals(request.client()) && receipt.provider().equals(request.provider()),
        "a receipt of other peers");
    int made = receipt.completionTokens();
    int prompt = request.prompt().size();
    int kept = made;
    boolean stopped = receipt.end() == AnswerEnd.CLIENT_STOP;
    require(!stopped || state == State.STOPPING, "an answer that was stopped by nobody");
    int total = request.outputSoFar().size() + made;
    if (isBackend()) {
      // Its tokens are the backend's own; all that can be said is how many there may be.
      kept = chain.size();
      prompt = receipt.promptTokens();
      require(
          prompt <= BackendUsage.maxPromptTokens(CodePoints.utf8Length(request.prompt()))
              && made
                  <= BackendUsage.maxCompletionTokens(
                      request.maxTokens(), CodePoints.utf8Length(chain.tokens())),
          "a receipt for more tokens than there can be");
    } else {
      require(
          stopped ? made >= keepTokens && made <= chain.size() : made == chain.size(),
          "a receipt for another number of tokens");
      require(
          receipt.end() != AnswerEnd.LENGTH || total == request.maxTokens(),
          "an answer that ends before its length");
    }
    Receipt expected =
        new Receipt(
            request.jobId(),
            request.attempt(),
            request.client(),
            request.provider(),
            request.model(),
            chain.first(),
            chain.end(kept),
            prompt,
            request.outputSoFar().size(),
            made,
            agreed.price(prompt + total),
            receipt.end(),
            receipt.startedAt(),
            receipt.finishedAt());
    require(receipt.equals(expected), "a receipt that says something else than what happened");
    ReceiptVerdict verdict =
        client.verifier.verify(
            new SignedReceipt(receipt, signed.providerSignature(), Optional.empty()));
    if (verdict instanceof ReceiptVerdict.Invalid invalid) {
      throw new ProtocolViolationException("a receipt that is not valid: " + invalid.reason());
    }
    settle(signed.counterSigned(client.key));
  }

  /** Stores the receipt, then tells the provider that the client agrees. */
  private void settle(SignedReceipt complete) {
    state = State.SETTLING;
    stopTimer();
    try {
      client.storage.execute(
          () -> {
            Throwable error = null;
            try {
              client.receipts.put(complete);
            } catch (RuntimeException e) {
              error = e;
            }
            Throwable problem = error;
            client.executor.execute(() -> settled(complete, problem));
          });
    } catch (RejectedExecutionException e) {
      settled(complete, e);
    }
  }

  private void settled(SignedReceipt complete, @Nullable Throwable error) {
    if (state != State.SETTLING) {
      return;
    }
    state = State.ENDED;
    if (error == null && stream != null) {
      MessageStream<JobMessage> open = stream;
      complete
          .clientSignature()
          .ifPresent(signature -> open.send(new JobMessage.ReceiptAck(signature)));
      open.closeWrite();
      Scheduler.Cancellable limit =
          client.scheduler.schedule(client.config.closeTimeout(), open::reset);
      open.stream().closed().thenRun(limit::cancel);
    } else {
      LOG.error("the receipt of job {} could not be stored", request.jobId(), error);
      reset();
    }
    listener.onCompleted(
        new Completion(
            complete.receipt().end() == AnswerEnd.LENGTH ? FinishReason.LENGTH : FinishReason.STOP,
            error == null ? Optional.of(complete) : Optional.empty(),
            complete.receipt().price(),
            isBackend()
                ? Optional.of(
                    new Usage(
                        complete.receipt().promptTokens(), complete.receipt().completionTokens()))
                : Optional.empty()));
  }

  private boolean isBackend() {
    return ModelManifest.isBackend(request.model());
  }

  @Override
  public void stop(int keep) {
    if (state != State.RECEIVING || stream == null) {
      return;
    }
    state = State.STOPPING;
    keepTokens = keep;
    setTimer(client.config.interTokenTimeout(), Attempt.Outcome.STALLED, "the result did not come");
    stream.send(new JobMessage.Stop(keep));
  }

  @Override
  public void cancel() {
    if (state != State.ENDED) {
      state = State.ENDED;
      stopTimer();
      reset();
    }
  }

  @Override
  public void onRemoteClose() {
    if (state != State.SETTLING && state != State.ENDED) {
      fail(Attempt.Outcome.BROKEN, "the provider closed the stream before the result");
    }
  }

  @Override
  public void onReset(Throwable cause) {
    if (state == State.SETTLING || state == State.ENDED) {
      return;
    }
    fail(
        cause instanceof ProtocolViolationException
            ? Attempt.Outcome.MISBEHAVED
            : Attempt.Outcome.BROKEN,
        String.valueOf(cause.getMessage()));
  }

  private void awaitNextToken() {
    if (state == State.RECEIVING) {
      setTimer(
          client.config.interTokenTimeout(),
          Attempt.Outcome.STALLED,
          "nothing came for " + client.config.interTokenTimeout().toMillis() + " ms");
    }
  }

  private Quote requireQuoted() throws ProtocolViolationException {
    Quote agreed = quote;
    if (agreed == null) {
      throw new ProtocolViolationException("an answer before the quote");
    }
    return agreed;
  }

  private void requirePromptScores() throws ProtocolViolationException {
    require(
        !request.scorePrompt() || promptScores.size() == request.prompt().size(),
        "the prompt's scores are missing");
  }

  private void requireAlternatives(List<TokenScore> scores) throws ProtocolViolationException {
    int most = request.topLogprobs().orElse(0);
    for (TokenScore score : scores) {
      require(score.top().size() <= most, "more alternatives than were asked for");
      require(
          score.top().stream().allMatch(token -> token.id() < vocabularySize),
          "an alternative that the model does not have");
    }
  }

  private static void require(boolean condition, String violation)
      throws ProtocolViolationException {
    if (!condition) {
      throw new ProtocolViolationException(violation);
    }
  }

  private void setTimer(Duration delay, Attempt.Outcome outcome, String detail) {
    timer.cancel();
    int epoch = ++timerEpoch;
    timer =
        client.scheduler.schedule(
            delay,
            () ->
                client.executor.execute(
                    () -> {
                      if (epoch == timerEpoch) {
                        fail(outcome, detail);
                      }
                    }));
  }

  private void stopTimer() {
    timerEpoch++;
    timer.cancel();
  }

  private void fail(Attempt.Outcome outcome, String detail) {
    fail(outcome, detail, Optional.empty());
  }

  private void fail(Attempt.Outcome outcome, String detail, Optional<Duration> retryAfter) {
    if (state == State.ENDED) {
      return;
    }
    state = State.ENDED;
    stopTimer();
    reset();
    listener.onFailed(outcome, detail, retryAfter);
  }

  private void reset() {
    if (stream != null) {
      stream.reset();
    }
  }
}
