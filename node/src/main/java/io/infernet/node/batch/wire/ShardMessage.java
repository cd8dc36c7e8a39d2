package io.infernet.node.batch.wire;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.host.ProtocolId;
import io.infernet.node.job.wire.Refusal;
import io.infernet.verification.batch.Assignment;
import io.infernet.verification.batch.BatchState;
import io.infernet.verification.batch.BatchTerms;
import io.infernet.verification.batch.Bid;
import io.infernet.verification.batch.Cancel;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.Reveal;
import io.infernet.verification.batch.ShardCommitment;
import io.infernet.verification.batch.ShardId;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.ShardReceipt;
import io.infernet.verification.batch.Signed;
import io.infernet.verification.batch.TestItem;
import io.infernet.verification.batch.Verdict;
import java.util.List;
import java.util.OptionalInt;

/**
 * What is said about a batch. Between a client, which opens the stream, and its aggregator:
 *
 * <pre>
 * client      Open           Items… ItemsEnd                       Receipted…            [Cancelled]
 * aggregator        Accepted                 Progress… Outcome… Tests… Results… Finished
 * </pre>
 *
 * <p>Shards come in their order, each as its outcome, then its tests, then the results of those
 * attempts that the client needs to compare. Between an aggregator, which opens the stream, and a
 * worker:
 *
 * <pre>
 * aggregator  Assigned Items…                     RevealRequest                  Judged [Receipted]
 * worker                      Progress… Committed               Revealed Results…
 * </pre>
 *
 * <p>A {@link Refused} may stand in place of everything that the asked side has not said yet, a
 * {@link Cancelled} ends either. A worker sends an {@link BidMade} on a stream of its own.
 */
public sealed interface ShardMessage {

  ProtocolId PROTOCOL = ProtocolId.of("/infernet/shard/1.0.0");

  /**
   * The client begins a batch, or goes on with it.
   *
   * @param mergedItems items whose results it has already, from the first on
   * @param usedShards numbers of shards that were used, from the first on
   */
  record Open(Signed<BatchTerms> terms, long mergedItems, int usedShards) implements ShardMessage {
    public Open {
      requireNonNull(terms, "terms is null");
      requireNotNegative(mergedItems, "mergedItems");
      requireNotNegative(usedShards, "usedShards");
    }
  }

  /**
   * The aggregator has the batch.
   *
   * @param receivedItems items that it has already, from the first on
   */
  record Accepted(long receivedItems) implements ShardMessage {
    public Accepted {
      requireNotNegative(receivedItems, "receivedItems");
    }
  }

  /** The asked side does not take it, or cannot go on. */
  record Refused(Refusal refusal) implements ShardMessage {
    public Refused {
      requireNonNull(refusal, "refusal is null");
    }
  }

  /**
   * A piece of the items of a batch, or of an assignment.
   *
   * @param offset items before it
   */
  record Items(long offset, List<ShardItem> items) implements ShardMessage {
    public Items {
      requireNotNegative(offset, "offset");
      items = List.copyOf(items);
      requireSome(items);
    }
  }

  /** The client has no more items. */
  record ItemsEnd(long total) implements ShardMessage {
    public ItemsEnd {
      requireNotNegative(total, "total");
    }
  }

  /**
   * How far the other side is; nobody relies on it.
   *
   * @param tokens read and made so far
   * @param workers that have a shard now
   */
  record Progress(
      BatchState state,
      long itemsReceived,
      long itemsDone,
      int shardsCut,
      int shardsSettled,
      int shardsFailed,
      long tokens,
      int workers)
      implements ShardMessage {
    public Progress {
      requireNonNull(state, "state is null");
      requireNotNegative(itemsReceived, "itemsReceived");
      requireNotNegative(itemsDone, "itemsDone");
      requireNotNegative(shardsCut, "shardsCut");
      requireNotNegative(shardsSettled, "shardsSettled");
      requireNotNegative(shardsFailed, "shardsFailed");
      requireNotNegative(tokens, "tokens");
      requireNotNegative(workers, "workers");
    }
  }

  /**
   * A shard is done or given up.
   *
   * @param firstItem the first of the batch's items in it
   * @param items how many of the batch's items, tests not counted
   * @param tests how many tests, which follow
   * @param reveals of all who revealed, ascending by attempt
   * @param verdicts on all who had it
   * @param winner the attempt whose results are the shard's; empty when it was given up
   * @param reason why it was given up; else empty
   */
  record Outcome(
      ShardId shard,
      long firstItem,
      int items,
      int tests,
      List<Signed<Reveal>> reveals,
      List<Signed<Verdict>> verdicts,
      OptionalInt winner,
      String reason)
      implements ShardMessage {
    public Outcome {
      requireNonNull(shard, "shard is null");
      requireNonNull(winner, "winner is null");
      reveals = List.copyOf(reveals);
      verdicts = List.copyOf(verdicts);
      requireNotNegative(firstItem, "firstItem");
      requireNotNegative(items, "items");
      requireNotNegative(tests, "tests");
      requireNotNegative(winner.orElse(0), "winner");
      requireLine(reason);
    }
  }

  /**
   * A piece of the tests of a shard.
   *
   * @param offset tests before it
   */
  record Tests(ShardId shard, int offset, List<TestItem> tests) implements ShardMessage {
    public Tests {
      requireNonNull(shard, "shard is null");
      requireNotNegative(offset, "offset");
      tests = List.copyOf(tests);
      requireSome(tests);
    }
  }

  /**
   * A piece of the results of one attempt at a shard.
   *
   * @param offset results before it
   */
  record Results(ShardId shard, int attempt, int offset, List<ItemResult> results)
      implements ShardMessage {
    public Results {
      requireNonNull(shard, "shard is null");
      requireNotNegative(attempt, "attempt");
      requireNotNegative(offset, "offset");
      results = List.copyOf(results);
      requireSome(results);
    }
  }

  /** The batch is over. */
  record Finished(BatchState state, String reason) implements ShardMessage {
    public Finished {
      if (!state.isFinal()) {
        throw new IllegalArgumentException("finished as " + state);
      }
      requireLine(reason);
    }
  }

  /** The client has the results of a shard. */
  record Receipted(Signed<ShardReceipt> receipt) implements ShardMessage {
    public Receipted {
      requireNonNull(receipt, "receipt is null");
    }
  }

  /** Nobody needs the rest. */
  record Cancelled(Signed<Cancel> cancel) implements ShardMessage {
    public Cancelled {
      requireNonNull(cancel, "cancel is null");
    }
  }

  /** A worker would do some of an offered batch. */
  record BidMade(Signed<Bid> bid) implements ShardMessage {
    public BidMade {
      requireNonNull(bid, "bid is null");
    }
  }

  /** A worker gets a shard; its items follow. */
  record Assigned(Signed<Assignment> assignment) implements ShardMessage {
    public Assigned {
      requireNonNull(assignment, "assignment is null");
    }
  }

  /** A worker stands by its results. */
  record Committed(Signed<ShardCommitment> commitment) implements ShardMessage {
    public Committed {
      requireNonNull(commitment, "commitment is null");
    }
  }

  /** The worker is to show its results: these are the commitments of its round. */
  record RevealRequest(ShardId shard, List<Signed<ShardCommitment>> commitments)
      implements ShardMessage {
    public RevealRequest {
      requireNonNull(shard, "shard is null");
      commitments = List.copyOf(commitments);
    }
  }

  /** The worker shows its results, which follow. */
  record Revealed(Signed<Reveal> reveal) implements ShardMessage {
    public Revealed {
      requireNonNull(reveal, "reveal is null");
    }
  }

  /** What came out about the worker's part. */
  record Judged(Signed<Verdict> verdict) implements ShardMessage {
    public Judged {
      requireNonNull(verdict, "verdict is null");
    }
  }

  private static void requireNotNegative(long value, String name) {
    if (value < 0) {
      throw new IllegalArgumentException(name + " is negative: " + value);
    }
  }

  private static void requireSome(List<?> piece) {
    if (piece.isEmpty()) {
      throw new IllegalArgumentException("an empty piece");
    }
  }

  private static void requireLine(String reason) {
    if (reason.length() > ItemResult.Failed.MAX_REASON
        || reason.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("a reason is not one line of up to 500 characters");
    }
  }
}
