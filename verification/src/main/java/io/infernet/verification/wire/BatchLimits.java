package io.infernet.verification.wire;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.SamplingParams;
import io.infernet.libp2p.peer.SignedEnvelope;
import io.infernet.verification.batch.Statement;

/**
 * How large the parts of a batch may be that this node talks about.
 *
 * @param evidence one item and its answer
 * @param maxShardItems items of one shard, tests among them
 * @param maxShardTokens tokens of all items of one shard together
 * @param maxReplicas workers that have one shard at some time
 * @param maxNumbers numbers of a vector, or labels
 * @param maxPieceItems items, tests or results in one message
 */
public record BatchLimits(
    EvidenceLimits evidence,
    int maxShardItems,
    int maxShardTokens,
    int maxReplicas,
    int maxNumbers,
    int maxPieceItems) {

  public BatchLimits {
    requireNonNull(evidence, "evidence is null");
    requirePositive(maxShardItems, "maxShardItems");
    requirePositive(maxShardTokens, "maxShardTokens");
    requirePositive(maxReplicas, "maxReplicas");
    requirePositive(maxNumbers, "maxNumbers");
    requirePositive(maxPieceItems, "maxPieceItems");
  }

  private static void requirePositive(int value, String name) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " is below 1: " + value);
    }
  }

  /** Shards of up to 4,096 items and 1,048,576 tokens, 16 workers, pieces of 256. */
  public static BatchLimits defaults() {
    return new BatchLimits(EvidenceLimits.defaults(), 4096, 1 << 20, 16, 1 << 16, 256);
  }

  /** No statement of that kind within these limits takes more bytes, its signature not counted. */
  public int maxStatementSize(Statement.Kind kind) {
    return switch (kind) {
      // A bias takes at most 17 bytes, a token five; the rest is of fixed size.
      case TERMS, ASSIGNMENT -> 1024 + 17 * SamplingParams.MAX_BIASES + 5 * evidence.maxStopIds();
      case BID -> 1024;
      case COMMITMENT, REVEAL, VERDICT, RECEIPT -> 512;
      // A reason of 500 characters takes up to 1,500 bytes.
      case CANCEL -> 2048;
    };
  }

  /** No signed statement of that kind takes more bytes. */
  public int maxSignedSize(Statement.Kind kind) {
    return maxStatementSize(kind) + SignedEnvelope.OVERHEAD;
  }

  /** No item, result or test takes more bytes. */
  public int maxEntrySize() {
    // The rest: seed, position and headers; a reason of a failure.
    return Math.toIntExact(
        2048
            + 5L * evidence.maxPromptTokens()
            + Math.max(5L * evidence.maxAnswerTokens(), 4L * maxNumbers));
  }
}
