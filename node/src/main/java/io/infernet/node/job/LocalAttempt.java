package io.infernet.node.job;

import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.GeneratedToken;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.tokenizer.TokenIds;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** An attempt on this machine's own engine. */
final class LocalAttempt implements JobAttempt, EngineFeed.Sink {

  /** When a busy engine is asked again. */
  private static final Duration BUSY_RETRY = Duration.ofMillis(500);

  private final Listener listener;
  private Generation generation = () -> {};
  private final boolean countedElsewhere;
  private boolean stopping;
  private boolean ended;

  private LocalAttempt(Listener listener, boolean countedElsewhere) {
    this.listener = listener;
    this.countedElsewhere = countedElsewhere;
  }

  /** Starts the answer; the listener is called after this has returned. */
  static LocalAttempt start(
      InferenceEngine engine,
      GenerationRequest request,
      Listener listener,
      PatientExecutor executor) {
    LocalAttempt attempt = new LocalAttempt(listener, request.model().manifest().isBackend());
    EngineFeed feed = new EngineFeed(attempt, executor);
    executor.execute(
        () -> {
          if (attempt.ended) {
            return;
          }
          try {
            attempt.generation = engine.generate(request, feed);
          } catch (RuntimeException e) {
            attempt.onError(e);
            return;
          }
          listener.onAccepted();
        });
    return attempt;
  }

  @Override
  public void stop(int keepTokens) {
    if (ended || stopping) {
      return;
    }
    if (countedElsewhere) {
      // The end says what was used.
      stopping = true;
      generation.cancel();
      return;
    }
    cancel();
    complete(FinishReason.STOP, Optional.empty());
  }

  private void complete(FinishReason reason, Optional<Usage> usage) {
    ended = true;
    listener.onCompleted(new Completion(reason, Optional.empty(), 0, usage));
  }

  @Override
  public void cancel() {
    ended = true;
    generation.cancel();
  }

  @Override
  public void onPrompt(List<Optional<TokenScore>> scores) {
    if (!ended) {
      listener.onPromptScores(scores);
    }
  }

  @Override
  public void onTokens(List<GeneratedToken> tokens) {
    if (!ended && !stopping) {
      listener.onTokens(
          TokenIds.of(tokens.stream().mapToInt(GeneratedToken::id).toArray()),
          tokens.stream().flatMap(token -> token.score().stream()).toList());
    }
  }

  @Override
  public void onFinish(FinishReason reason, Usage usage) {
    if (ended) {
      return;
    }
    if (stopping) {
      complete(FinishReason.STOP, Optional.of(usage));
      return;
    }
    if (reason == FinishReason.CANCELLED) {
      fail(Attempt.Outcome.FAILED, "the engine was closed", Optional.empty());
      return;
    }
    complete(reason, countedElsewhere ? Optional.of(usage) : Optional.empty());
  }

  @Override
  public void onError(Throwable error) {
    if (error instanceof EngineBusyException) {
      fail(Attempt.Outcome.REFUSED, error.getMessage(), Optional.of(BUSY_RETRY));
      return;
    }
    String message =
        error instanceof InfernetException ? error.getMessage() : "the engine failed: " + error;
    fail(Attempt.Outcome.FAILED, message, Optional.empty());
  }

  private void fail(Attempt.Outcome outcome, String detail, Optional<Duration> retryAfter) {
    if (!ended) {
      ended = true;
      listener.onFailed(outcome, detail, retryAfter);
    }
  }
}
