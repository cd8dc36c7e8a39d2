package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.model.ModelName;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.verification.commitment.JobId;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A complete answer and how it came about.
 *
 * @param job its name
 * @param model the model that was asked for
 * @param modelCid the CID of its manifest
 * @param text the whole answer; the prompt before it where the request said {@code echo}
 * @param tokens the tokens of {@code text}, those of an echoed prompt included; a stop text's are
 *     not
 * @param usage tokens of the prompt and of the answer up to where it was stopped
 * @param finishReason {@code STOP} for a stop token or a stop text, {@code LENGTH} else
 * @param provider who made its end
 * @param receipt the id of the receipt for its end, when it came from another peer
 * @param verdict how far it was verified
 * @param price what it cost, in millionths of the currency's unit
 * @param timings how long it took
 * @param attempts who was asked, in order
 */
public record ChatResult(
    JobId job,
    ModelName model,
    Cid modelCid,
    String text,
    List<AnswerToken> tokens,
    Usage usage,
    FinishReason finishReason,
    Provider provider,
    Optional<String> receipt,
    Verdict verdict,
    long price,
    Timings timings,
    List<Attempt> attempts) {

  public ChatResult {
    requireNonNull(job, "job is null");
    requireNonNull(model, "model is null");
    requireNonNull(modelCid, "modelCid is null");
    requireNonNull(text, "text is null");
    tokens = List.copyOf(tokens);
    requireNonNull(usage, "usage is null");
    requireNonNull(finishReason, "finishReason is null");
    requireNonNull(provider, "provider is null");
    requireNonNull(receipt, "receipt is null");
    requireNonNull(verdict, "verdict is null");
    requireNonNull(timings, "timings is null");
    attempts = List.copyOf(attempts);
  }

  /** How far an answer was verified. */
  public enum Verdict {
    /** This machine made the whole answer. */
    LOCAL,
    /** Signatures, terms and the chain of commitments fit; nothing was computed again. */
    UNAUDITED;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * How long it took, by the client's clock.
   *
   * @param firstToken from the request to the first token; the whole time when there was none
   * @param total from the request to the end
   */
  public record Timings(Duration firstToken, Duration total) {
    public Timings {
      requireNonNull(firstToken, "firstToken is null");
      requireNonNull(total, "total is null");
    }
  }
}
