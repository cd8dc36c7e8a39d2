package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.commitment.Hash;
import java.time.Instant;

/**
 * The client has a worker's results and owes for them: the other half of a {@link Reveal}.
 *
 * @param shard the shard
 * @param attempt of the worker's assignment
 * @param client who owes
 * @param worker to whom
 * @param terms digest of the client's terms
 * @param input digest of the shard's items
 * @param result digest of the results
 * @param inputTokens tokens of the items
 * @param outputTokens tokens that the worker made
 * @param price in millionths of the currency's unit
 * @param acceptedAt by the client's clock, in whole milliseconds
 */
public record ShardReceipt(
    ShardId shard,
    int attempt,
    PeerId client,
    PeerId worker,
    Hash terms,
    Hash input,
    Hash result,
    long inputTokens,
    long outputTokens,
    long price,
    Instant acceptedAt)
    implements Statement {

  public ShardReceipt {
    requireNonNull(shard, "shard is null");
    requireNonNull(client, "client is null");
    requireNonNull(worker, "worker is null");
    requireNonNull(terms, "terms is null");
    requireNonNull(input, "input is null");
    requireNonNull(result, "result is null");
    Checks.requireNotNegative(attempt, "attempt");
    Checks.requirePositive(inputTokens, "inputTokens");
    Checks.requireNotNegative(outputTokens, "outputTokens");
    Checks.requireNotNegative(price, "price");
    acceptedAt = Checks.millis(acceptedAt, "acceptedAt");
  }

  /** The receipt for what that worker revealed, at its price. */
  public static ShardReceipt of(Reveal reveal, PeerId client, Instant acceptedAt) {
    return new ShardReceipt(
        reveal.shard(),
        reveal.attempt(),
        client,
        reveal.worker(),
        reveal.terms(),
        reveal.input(),
        reveal.result(),
        reveal.inputTokens(),
        reveal.outputTokens(),
        reveal.price(),
        acceptedAt);
  }

  @Override
  public PeerId author() {
    return client;
  }

  @Override
  public Kind kind() {
    return Kind.RECEIPT;
  }
}
