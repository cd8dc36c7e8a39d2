package io.infernet.inference.engine;

import java.util.List;
import java.util.Optional;

/**
 * Hears of one answer as it is made. Called on an engine thread, one call at a time, in order; must
 * return at once and not wait, because all answers of the engine stand still meanwhile. The last
 * call is either {@link #onFinish} or {@link #onError}, and comes exactly once.
 */
public interface TokenListener {

  /**
   * The prompt's scores, before the first token, when {@link GenerationRequest#scorePrompt} asks:
   * one for each prompt token, the first of them empty because nothing stands before it.
   */
  default void onPrompt(List<Optional<TokenScore>> scores) {}

  /**
   * The hidden states of the sequence's next tokens, when {@link GenerationRequest#hiddenStates}
   * asks: all of the prompt in order, in pieces, before the first token of the answer; then those
   * of each token of the answer before the one that follows it. The last token has none, because
   * the answer ends there.
   */
  default void onHidden(HiddenStates states) {}

  /** The next token of the answer. */
  void onToken(GeneratedToken token);

  /** The answer is complete, or was cancelled. */
  void onFinish(FinishReason reason, Usage usage);

  /** The answer cannot be made. Users see the message of an {@code InfernetException} as it is. */
  void onError(Throwable error);
}
