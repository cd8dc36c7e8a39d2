package io.infernet.verification.commitment;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;

/**
 * The terms of one attempt at a job: what one client asks of one provider. The client signs it, so
 * that the provider can show what it was asked; it names the provider, so that nobody else can use
 * it.
 *
 * @param jobId the same for all attempts at the job
 * @param attempt 0 for the first provider that is asked, 1 for the next, …
 * @param client who asks
 * @param provider the only one who may answer
 * @param model the CID of the model's manifest
 * @param prompt the prompt's tokens, at least one
 * @param outputSoFar the answer's first tokens when an earlier attempt made them
 * @param sampling how tokens are chosen; the client chooses the seed
 * @param maxTokens length of the whole answer, {@code outputSoFar} included; 0 only scores the
 *     prompt
 * @param stopIds tokens that end the answer, ascending
 * @param topLogprobs empty for no log-probabilities; else how many of the likeliest tokens are
 *     reported beside the chosen one
 * @param scorePrompt whether the prompt's tokens are scored too
 * @param deadline when the answer is of no more use, in whole milliseconds
 * @param maxPrice the most the client pays, in millionths of the currency's unit
 * @param nonce random, so that no two requests are alike
 */
public record JobRequest(
    JobId jobId,
    int attempt,
    PeerId client,
    PeerId provider,
    Cid model,
    TokenIds prompt,
    TokenIds outputSoFar,
    SamplingParams sampling,
    int maxTokens,
    List<Integer> stopIds,
    OptionalInt topLogprobs,
    boolean scorePrompt,
    Instant deadline,
    long maxPrice,
    long nonce) {

  /** The version of the terms where {@code sampling} is plain. */
  public static final int PLAIN_VERSION = 1;

  /** The version of the terms that this code knows. */
  public static final int VERSION = 2;

  public JobRequest {
    requireNonNull(jobId, "jobId is null");
    requireNonNull(client, "client is null");
    requireNonNull(provider, "provider is null");
    requireNonNull(model, "model is null");
    requireNonNull(sampling, "sampling is null");
    requireNonNull(topLogprobs, "topLogprobs is null");
    if (attempt < 0) {
      throw new IllegalArgumentException("attempt is negative: " + attempt);
    }
    if (prompt.isEmpty()) {
      throw new IllegalArgumentException("the prompt has no tokens");
    }
    if (maxTokens < outputSoFar.size()) {
      throw new IllegalArgumentException(
          "maxTokens is " + maxTokens + ", but the answer has " + outputSoFar.size() + " already");
    }
    if (maxPrice < 0) {
      throw new IllegalArgumentException("maxPrice is negative: " + maxPrice);
    }
    stopIds = stopIds.stream().distinct().sorted().toList();
    deadline = Instant.ofEpochMilli(deadline.toEpochMilli());
  }

  /** The lowest version of the terms that says all of this. */
  public int version() {
    return sampling.isPlain() ? PLAIN_VERSION : VERSION;
  }
}
