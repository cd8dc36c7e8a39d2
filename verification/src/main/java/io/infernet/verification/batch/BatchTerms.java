package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.SamplingParams;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.commitment.JobId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What a client wants of its aggregator. Workers do not see it: from its seed they could tell which
 * items are tests.
 *
 * @param job the same for all attempts
 * @param attempt 0 for the first aggregator, 1 for the one that takes its place, …
 * @param client who asks
 * @param aggregator who cuts, assigns and compares; may be the client
 * @param model the CID of the model's manifest
 * @param task what is done with each item
 * @param sampling how tokens are chosen; {@link #seedOf} says with which seed
 * @param maxTokens of each answer; 0 unless texts are made
 * @param stopIds tokens that end an answer, ascending
 * @param redundancy workers that do each shard, as long as they agree; 1 to {@value
 *     #MAX_REDUNDANCY}
 * @param testsPerThousand test items among a thousand items, below 1000
 * @param tolerance how far results may differ; empty for the task's own rule
 * @param deadline when the results are of no more use, in whole milliseconds
 * @param maxPrice the most the client pays in all, in millionths of the currency's unit
 * @param fee the aggregator's part of what workers get, in hundredths of a percent; at most {@value
 *     #MAX_FEE}
 * @param nonce random, so that the terms cannot be guessed from their digest
 */
public record BatchTerms(
    JobId job,
    int attempt,
    PeerId client,
    PeerId aggregator,
    Cid model,
    TaskType task,
    SamplingParams sampling,
    int maxTokens,
    List<Integer> stopIds,
    int redundancy,
    int testsPerThousand,
    OptionalDouble tolerance,
    Instant deadline,
    long maxPrice,
    int fee,
    long nonce)
    implements Statement {

  /** As many replicas as an escalation ends with. */
  public static final int MAX_REDUNDANCY = 5;

  /** 2 %. */
  public static final int MAX_FEE = 200;

  private static final byte[] SEED_TAG = "infernet/item-seed/1".getBytes(StandardCharsets.US_ASCII);

  public BatchTerms {
    requireNonNull(job, "job is null");
    requireNonNull(client, "client is null");
    requireNonNull(aggregator, "aggregator is null");
    requireNonNull(model, "model is null");
    requireNonNull(task, "task is null");
    requireNonNull(sampling, "sampling is null");
    Checks.requireNotNegative(attempt, "attempt");
    Checks.requireNotNegative(maxTokens, "maxTokens");
    Checks.requireNotNegative(maxPrice, "maxPrice");
    if ((task == TaskType.GENERATE) != (maxTokens > 0)) {
      throw new IllegalArgumentException("a batch to " + task + " with maxTokens " + maxTokens);
    }
    if (redundancy < 1 || redundancy > MAX_REDUNDANCY) {
      throw new IllegalArgumentException("redundancy out of range: " + redundancy);
    }
    if (testsPerThousand < 0 || testsPerThousand >= 1000) {
      throw new IllegalArgumentException("testsPerThousand out of range: " + testsPerThousand);
    }
    if (fee < 0 || fee > MAX_FEE) {
      throw new IllegalArgumentException("fee out of range: " + fee);
    }
    if (tolerance.isPresent()
        && !(tolerance.getAsDouble() >= 0 && Double.isFinite(tolerance.getAsDouble()))) {
      throw new IllegalArgumentException("tolerance out of range: " + tolerance.getAsDouble());
    }
    stopIds = Checks.stopIds(stopIds);
    deadline = Checks.millis(deadline, "deadline");
  }

  /**
   * The seed of an item: the first eight bytes of SHA-256 over the tag {@code
   * infernet/item-seed/1}, the seed of {@code sampling} and the item's number, eight bytes each; 0
   * where nothing is drawn.
   *
   * @param item in the batch, from 0
   */
  public long seedOf(long item) {
    if (task != TaskType.GENERATE || sampling.temperature() == 0) {
      return 0;
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(SEED_TAG);
      digest.update(ByteBuffer.allocate(16).putLong(sampling.seed()).putLong(item).array());
      return ByteBuffer.wrap(digest.digest()).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** How workers are told to sample: the same without the seed. */
  public SamplingParams workerSampling() {
    return Assignment.withoutSeed(sampling);
  }

  @Override
  public PeerId author() {
    return client;
  }

  @Override
  public Kind kind() {
    return Kind.TERMS;
  }
}
