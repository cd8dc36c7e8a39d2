package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.SamplingParams;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.commitment.Hash;
import java.time.Instant;
import java.util.List;

/**
 * One worker's part in one shard: all that it needs to know, and nothing that tells test items from
 * others.
 *
 * @param shard what is to be done
 * @param attempt which of the shard's replicas this is, from 0; each attempt goes to another worker
 * @param replicas how many workers commit together in this round; the worker reveals when it has
 *     seen so many commitments
 * @param aggregator who assigns
 * @param worker who is to work
 * @param terms digest of the client's signed {@link BatchTerms}
 * @param model the CID of the model's manifest
 * @param task what is done with each item
 * @param sampling how tokens are chosen, with seed 0: each item has its own
 * @param maxTokens of each answer; 0 unless texts are made
 * @param stopIds tokens that end an answer, ascending
 * @param items how many there are
 * @param inputTokens tokens of all items together
 * @param input digest of the items
 * @param maxPrice the most that is paid for it, in millionths of the currency's unit
 * @param commitBy when the commitment is due, in whole milliseconds; whoever has committed may
 *     reveal after that
 * @param revealBy when the results are due, in whole milliseconds
 * @param nonce random, so that no two assignments are alike
 */
public record Assignment(
    ShardId shard,
    int attempt,
    int replicas,
    PeerId aggregator,
    PeerId worker,
    Hash terms,
    Cid model,
    TaskType task,
    SamplingParams sampling,
    int maxTokens,
    List<Integer> stopIds,
    int items,
    int inputTokens,
    Hash input,
    long maxPrice,
    Instant commitBy,
    Instant revealBy,
    long nonce)
    implements Statement {

  public Assignment {
    requireNonNull(shard, "shard is null");
    requireNonNull(aggregator, "aggregator is null");
    requireNonNull(worker, "worker is null");
    requireNonNull(terms, "terms is null");
    requireNonNull(model, "model is null");
    requireNonNull(task, "task is null");
    requireNonNull(input, "input is null");
    Checks.requireNotNegative(attempt, "attempt");
    Checks.requireNotNegative(maxTokens, "maxTokens");
    Checks.requireNotNegative(maxPrice, "maxPrice");
    Checks.requirePositive(replicas, "replicas");
    Checks.requirePositive(items, "items");
    if (inputTokens < items) {
      throw new IllegalArgumentException(items + " items of " + inputTokens + " tokens in all");
    }
    if ((task == TaskType.GENERATE) != (maxTokens > 0)) {
      throw new IllegalArgumentException("a shard to " + task + " with maxTokens " + maxTokens);
    }
    if (sampling.seed() != 0) {
      throw new IllegalArgumentException("an assignment with the seed of its batch");
    }
    if (revealBy.isBefore(commitBy)) {
      throw new IllegalArgumentException("revealBy is before commitBy");
    }
    stopIds = Checks.stopIds(stopIds);
    commitBy = Checks.millis(commitBy, "commitBy");
    revealBy = Checks.millis(revealBy, "revealBy");
  }

  static SamplingParams withoutSeed(SamplingParams sampling) {
    return new SamplingParams(
        sampling.temperature(),
        sampling.topK(),
        sampling.topP(),
        sampling.minP(),
        sampling.penalties(),
        sampling.logitBias(),
        sampling.format(),
        0);
  }

  @Override
  public PeerId author() {
    return aggregator;
  }

  @Override
  public Kind kind() {
    return Kind.ASSIGNMENT;
  }
}
