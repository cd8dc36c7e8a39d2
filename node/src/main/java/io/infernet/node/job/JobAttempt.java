package io.infernet.node.job;

import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.verification.receipt.SignedReceipt;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** One provider, or this machine, at work on a job. Used on the client service's event thread. */
interface JobAttempt {

  /**
   * Ends the answer after so many of this attempt's tokens; {@link Listener#onCompleted} follows.
   */
  void stop(int keepTokens);

  /** Ends the attempt at once; the listener hears nothing more. */
  void cancel();

  /**
   * Hears of an attempt on the event thread. The last call is {@link #onCompleted} or {@link
   * #onFailed}, unless the attempt was cancelled.
   */
  interface Listener {

    /** The provider takes the job. */
    void onAccepted();

    /** One score for each token of the prompt, the first of them empty. */
    void onPromptScores(List<Optional<TokenScore>> scores);

    /**
     * One or more tokens of the answer.
     *
     * @param scores one for each token when the request asks, else none
     */
    void onTokens(TokenIds ids, List<TokenScore> scores);

    void onCompleted(Completion completion);

    /**
     * The answer will not go on here.
     *
     * @param retryAfter when the same provider may be asked again, if it says so
     */
    void onFailed(Attempt.Outcome outcome, String detail, Optional<Duration> retryAfter);
  }

  /**
   * A complete answer.
   *
   * @param reason how it ended; {@code STOP} after {@link JobAttempt#stop}
   * @param receipt signed by both, when it came from another peer and could be stored
   * @param price in millionths of the currency's unit
   * @param usage what the maker of the answer counted, where token ids do not count it
   */
  record Completion(
      FinishReason reason, Optional<SignedReceipt> receipt, long price, Optional<Usage> usage) {}
}
