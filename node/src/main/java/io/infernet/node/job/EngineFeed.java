package io.infernet.node.job;

import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.GeneratedToken;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.engine.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Carries what an engine thread says of one answer over to a service's event thread. However fast
 * the engine is, at most one task of an answer waits there, and what waits here is at most the
 * answer.
 */
final class EngineFeed implements TokenListener {

  /** Hears of the answer on the event thread. */
  interface Sink {
    void onPrompt(List<Optional<TokenScore>> scores);

    /** One or more tokens, in order. */
    void onTokens(List<GeneratedToken> tokens);

    void onFinish(FinishReason reason, Usage usage);

    void onError(Throwable error);
  }

  private final Sink sink;
  private final PatientExecutor executor;

  // Guarded by this.
  private List<GeneratedToken> tokens = new ArrayList<>();
  private @Nullable List<Optional<TokenScore>> prompt;
  private @Nullable FinishReason finish;
  private Usage usage = new Usage(0, 0);
  private @Nullable Throwable error;
  private boolean scheduled;

  EngineFeed(Sink sink, PatientExecutor executor) {
    this.sink = sink;
    this.executor = executor;
  }

  @Override
  public synchronized void onPrompt(List<Optional<TokenScore>> scores) {
    prompt = List.copyOf(scores);
    handOver();
  }

  @Override
  public synchronized void onToken(GeneratedToken token) {
    tokens.add(token);
    handOver();
  }

  @Override
  public synchronized void onFinish(FinishReason reason, Usage used) {
    finish = reason;
    usage = used;
    handOver();
  }

  @Override
  public synchronized void onError(Throwable cause) {
    error = cause;
    handOver();
  }

  private void handOver() {
    if (!scheduled) {
      scheduled = true;
      executor.execute(this::deliver);
    }
  }

  private void deliver() {
    List<GeneratedToken> made;
    List<Optional<TokenScore>> scores;
    FinishReason reason;
    Usage used;
    Throwable cause;
    synchronized (this) {
      scheduled = false;
      made = tokens;
      scores = prompt;
      reason = finish;
      used = usage;
      cause = error;
      tokens = new ArrayList<>();
      prompt = null;
      finish = null;
      error = null;
    }
    if (scores != null) {
      sink.onPrompt(scores);
    }
    if (!made.isEmpty()) {
      sink.onTokens(made);
    }
    if (reason != null) {
      sink.onFinish(reason, used);
    }
    if (cause != null) {
      sink.onError(cause);
    }
  }
}
