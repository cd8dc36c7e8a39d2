package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.verification.commitment.JobId;
import java.util.List;

/**
 * What happens while an answer is made: one {@link Started}, then {@link Text}s with {@link
 * Switched}es between them, then one {@link Finished}.
 */
public sealed interface ChatEvent {

  /**
   * A provider took the job.
   *
   * @param job its name
   * @param provider who
   * @param model the CID of the model's manifest
   * @param promptTokens tokens of the prompt
   */
  record Started(JobId job, Provider provider, Cid model, int promptTokens) implements ChatEvent {
    public Started {
      requireNonNull(job, "job is null");
      requireNonNull(provider, "provider is null");
      requireNonNull(model, "model is null");
    }
  }

  /**
   * The answer goes on. Where the reader is slower than the provider, several become one.
   *
   * @param delta the text that follows; may be empty while a character or a stop text is not
   *     decided
   * @param tokens the tokens behind it
   */
  record Text(String delta, List<AnswerToken> tokens) implements ChatEvent {
    public Text {
      requireNonNull(delta, "delta is null");
      tokens = List.copyOf(tokens);
    }
  }

  /**
   * Another provider goes on where the first one stopped.
   *
   * @param from who stopped
   * @param to who goes on
   * @param reason why, in words for a person
   * @param tokens how many tokens of the answer were there
   */
  record Switched(Provider from, Provider to, String reason, int tokens) implements ChatEvent {
    public Switched {
      requireNonNull(from, "from is null");
      requireNonNull(to, "to is null");
      requireNonNull(reason, "reason is null");
    }
  }

  /** The answer is complete. */
  record Finished(ChatResult result) implements ChatEvent {
    public Finished {
      requireNonNull(result, "result is null");
    }
  }
}
