package io.infernet.inference.testing;

import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.GeneratedToken;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.tokenizer.TokenIds;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Keeps all that it hears. Safe from any thread. */
public final class RecordingListener implements TokenListener {

  /** A whole answer. */
  public record Answer(
      TokenIds tokens,
      List<GeneratedToken> details,
      List<Optional<TokenScore>> prompt,
      FinishReason reason,
      Usage usage) {}

  private final List<GeneratedToken> tokens = new ArrayList<>();
  private final List<Optional<TokenScore>> prompt = new ArrayList<>();
  private final CompletableFuture<Answer> answer = new CompletableFuture<>();
  private final Consumer<GeneratedToken> onToken;

  public RecordingListener() {
    this(token -> {});
  }

  /**
   * @param onToken also called for each token
   */
  public RecordingListener(Consumer<GeneratedToken> onToken) {
    this.onToken = onToken;
  }

  @Override
  public synchronized void onPrompt(List<Optional<TokenScore>> scores) {
    prompt.addAll(scores);
  }

  @Override
  public void onToken(GeneratedToken token) {
    synchronized (this) {
      if (answer.isDone()) {
        throw new IllegalStateException("a token after the end");
      }
      tokens.add(token);
    }
    onToken.accept(token);
  }

  @Override
  public synchronized void onFinish(FinishReason reason, Usage usage) {
    if (!answer.complete(
        new Answer(ids(), List.copyOf(tokens), List.copyOf(prompt), reason, usage))) {
      throw new IllegalStateException("a second end");
    }
  }

  @Override
  public void onError(Throwable error) {
    if (!answer.completeExceptionally(error)) {
      throw new IllegalStateException("a second end", error);
    }
  }

  /** The tokens so far. */
  public synchronized TokenIds ids() {
    return TokenIds.of(tokens.stream().map(GeneratedToken::id).toList());
  }

  /** Done with the answer. */
  public CompletableFuture<Answer> answer() {
    return answer;
  }

  /** The answer, which must come within a minute, or be there. */
  public Answer await() {
    return answer.orTimeout(60, TimeUnit.SECONDS).join();
  }
}
