package io.infernet.node.job.wire;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.peer.Secp256k1;
import io.infernet.verification.commitment.Commitment;
import io.infernet.verification.receipt.SignedReceipt;
import io.infernet.verification.wire.SignedJobRequest;
import java.time.Duration;
import java.util.List;

/**
 * What client and provider say to each other about one attempt at a job, on a stream that the
 * client opened:
 *
 * <pre>
 * client    Request                                   [Stop]                    ReceiptAck
 * provider           Quoted  [PromptScores…]  Tokens… Committed  Tokens… Result
 * </pre>
 *
 * <p>A {@link Refused} may stand in place of everything that the provider has not said yet.
 */
public sealed interface JobMessage {

  ProtocolId PROTOCOL = ProtocolId.of("/infernet/job/1.0.0");

  /** The client's terms. */
  record Request(SignedJobRequest signed) implements JobMessage {
    public Request {
      requireNonNull(signed, "signed is null");
    }
  }

  /** The provider takes the job, and has begun. */
  record Quoted(SignedQuote signed) implements JobMessage {
    public Quoted {
      requireNonNull(signed, "signed is null");
    }
  }

  /** The provider does not take the job, or cannot go on. */
  record Refused(Refusal refusal) implements JobMessage {
    public Refused {
      requireNonNull(refusal, "refusal is null");
    }
  }

  /**
   * How likely the prompt's tokens were, in pieces that follow each other.
   *
   * @param offset the place in the prompt of the first of them; 1 in the first piece
   * @param scores one for each place
   */
  record PromptScores(int offset, List<TokenScore> scores) implements JobMessage {
    public PromptScores {
      scores = List.copyOf(scores);
    }
  }

  /**
   * The answer goes on.
   *
   * @param offset how many tokens of this attempt came before
   * @param ids the tokens
   * @param scores one for each token when the request asks, else none
   */
  record Tokens(int offset, TokenIds ids, List<TokenScore> scores) implements JobMessage {
    public Tokens {
      requireNonNull(ids, "ids is null");
      scores = List.copyOf(scores);
      if (!scores.isEmpty() && scores.size() != ids.size()) {
        throw new IllegalArgumentException(scores.size() + " scores for " + ids.size() + " tokens");
      }
    }
  }

  /** The provider stands by the tokens up to here. */
  record Committed(Commitment commitment) implements JobMessage {
    public Committed {
      requireNonNull(commitment, "commitment is null");
    }
  }

  /**
   * The client needs no more.
   *
   * @param keepTokens how many tokens of this attempt are part of the answer
   */
  record Stop(int keepTokens) implements JobMessage {
    public Stop {
      if (keepTokens < 0) {
        throw new IllegalArgumentException("keepTokens is negative: " + keepTokens);
      }
    }
  }

  /**
   * The answer is complete.
   *
   * @param receipt signed by the provider
   * @param timings by the provider's clock
   */
  record Result(SignedReceipt receipt, Timings timings) implements JobMessage {
    public Result {
      requireNonNull(receipt, "receipt is null");
      requireNonNull(timings, "timings is null");
    }
  }

  /**
   * How long a provider took, from the request on.
   *
   * @param firstToken to the first token; the whole time when there was none
   * @param total to the result
   */
  record Timings(Duration firstToken, Duration total) {
    public Timings {
      if (firstToken.isNegative() || total.isNegative()) {
        throw new IllegalArgumentException("a time is negative");
      }
    }
  }

  /** The client agrees to the receipt. */
  record ReceiptAck(Secp256k1.Signature clientSignature) implements JobMessage {
    public ReceiptAck {
      requireNonNull(clientSignature, "clientSignature is null");
    }
  }
}
