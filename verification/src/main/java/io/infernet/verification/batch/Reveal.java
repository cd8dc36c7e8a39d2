package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.commitment.Hash;
import java.time.Instant;

/**
 * What a worker found, as digests: its half of the shard's receipt. The results go beside it.
 *
 * @param shard what it has done
 * @param attempt of its assignment
 * @param worker who reveals
 * @param assignment digest of the signed assignment, as in the commitment
 * @param terms digest of the client's terms, as in the assignment
 * @param input digest of the items that it worked on
 * @param result digest of the results
 * @param salt 32 random bytes that its commitment covers
 * @param items how many there were
 * @param inputTokens tokens of the items
 * @param outputTokens tokens that it made
 * @param price what it asks, in millionths of the currency's unit
 * @param startedAt by the worker's clock, in whole milliseconds
 * @param finishedAt by the worker's clock, in whole milliseconds
 */
public record Reveal(
    ShardId shard,
    int attempt,
    PeerId worker,
    Hash assignment,
    Hash terms,
    Hash input,
    Hash result,
    Hash salt,
    int items,
    long inputTokens,
    long outputTokens,
    long price,
    Instant startedAt,
    Instant finishedAt)
    implements Statement {

  public Reveal {
    requireNonNull(shard, "shard is null");
    requireNonNull(worker, "worker is null");
    requireNonNull(assignment, "assignment is null");
    requireNonNull(terms, "terms is null");
    requireNonNull(input, "input is null");
    requireNonNull(result, "result is null");
    requireNonNull(salt, "salt is null");
    Checks.requireNotNegative(attempt, "attempt");
    Checks.requirePositive(items, "items");
    Checks.requirePositive(inputTokens, "inputTokens");
    Checks.requireNotNegative(outputTokens, "outputTokens");
    Checks.requireNotNegative(price, "price");
    startedAt = Checks.millis(startedAt, "startedAt");
    finishedAt = Checks.millis(finishedAt, "finishedAt");
  }

  @Override
  public PeerId author() {
    return worker;
  }

  @Override
  public Kind kind() {
    return Kind.REVEAL;
  }
}
