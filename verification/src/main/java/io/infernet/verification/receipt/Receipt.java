package io.infernet.verification.receipt;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.EvmAddress;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import java.time.Instant;

/**
 * What one provider did for one client. Its {@link #digest} is what both sign; see {@link Eip712}
 * for the encoding.
 *
 * @param jobId the job
 * @param attempt which of the job's attempts this was
 * @param client who asked; the id contains a secp256k1 key
 * @param provider who answered; the id contains a secp256k1 key
 * @param model the CID of the model's manifest
 * @param firstCommitment C₀, the hash of the terms
 * @param lastCommitment Cₙ, the hash over the whole answer
 * @param promptTokens tokens of the prompt
 * @param resumedTokens tokens of the answer that earlier attempts had made
 * @param completionTokens tokens of the answer that this provider made
 * @param price in millionths of the currency's unit
 * @param end how the answer ended
 * @param startedAt when the provider took the job, by its own clock, in whole milliseconds
 * @param finishedAt when the answer was complete, by the provider's clock, in whole milliseconds
 */
public record Receipt(
    JobId jobId,
    int attempt,
    PeerId client,
    PeerId provider,
    Cid model,
    Hash firstCommitment,
    Hash lastCommitment,
    int promptTokens,
    int resumedTokens,
    int completionTokens,
    long price,
    AnswerEnd end,
    Instant startedAt,
    Instant finishedAt) {

  public Receipt {
    requireNonNull(jobId, "jobId is null");
    requireNonNull(model, "model is null");
    requireNonNull(firstCommitment, "firstCommitment is null");
    requireNonNull(lastCommitment, "lastCommitment is null");
    requireNonNull(end, "end is null");
    requireNotNegative(attempt, "attempt");
    requireNotNegative(promptTokens, "promptTokens");
    requireNotNegative(resumedTokens, "resumedTokens");
    requireNotNegative(completionTokens, "completionTokens");
    requireNotNegative(price, "price");
    requireNotNegative(startedAt.toEpochMilli(), "startedAt");
    requireNotNegative(finishedAt.toEpochMilli(), "finishedAt");
    startedAt = Instant.ofEpochMilli(startedAt.toEpochMilli());
    finishedAt = Instant.ofEpochMilli(finishedAt.toEpochMilli());
    addressOf(client);
    addressOf(provider);
  }

  private static void requireNotNegative(long value, String name) {
    if (value < 0) {
      throw new IllegalArgumentException(name + " is negative: " + value);
    }
  }

  /** The client's account on EVM chains. */
  public EvmAddress clientAddress() {
    return addressOf(client);
  }

  /** The provider's account on EVM chains. */
  public EvmAddress providerAddress() {
    return addressOf(provider);
  }

  /**
   * The account of a peer whose id contains a secp256k1 key.
   *
   * @throws IllegalArgumentException when it does not
   */
  public static EvmAddress addressOf(PeerId peer) {
    return EvmAddress.of(
        peer.publicKey()
            .orElseThrow(
                () -> new IllegalArgumentException("the id of " + peer + " contains no key")));
  }

  /** What both sides sign: 32 bytes by EIP-712. */
  public Hash digest() {
    return Eip712.digest(this);
  }

  /** The digest in 64 lower-case hex digits: the receipt's name. */
  public String id() {
    return digest().toString();
  }
}
