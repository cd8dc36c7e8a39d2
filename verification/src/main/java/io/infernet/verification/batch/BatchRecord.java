package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import io.infernet.verification.commitment.JobId;
import java.time.Instant;
import java.util.OptionalLong;

/**
 * How far a batch is: an immutable value, of which each step makes the next. Items come in, are cut
 * into shards in their order, and shards are merged in theirs; so a few numbers say it all.
 *
 * @param terms what the client wants
 * @param state how far it is
 * @param itemsReceived items that are there, from the first on
 * @param itemsTotal how many there will be, once the client has said it
 * @param itemsCut items that are in shards, from the first on
 * @param itemsMerged items whose results have been passed on, from the first on
 * @param shardsCut shards there are
 * @param shardsSettled of which the results are known
 * @param shardsFailed of which are given up
 * @param shardsMerged shards whose results have been passed on, from the first on
 * @param tokens read and made for settled shards, by the replicas that count
 * @param price what those cost, in millionths of the currency's unit
 * @param reason why it ended, for a person; may be empty
 * @param createdAt when the terms were agreed
 * @param changedAt of the last step
 */
public record BatchRecord(
    Signed<BatchTerms> terms,
    BatchState state,
    long itemsReceived,
    OptionalLong itemsTotal,
    long itemsCut,
    long itemsMerged,
    int shardsCut,
    int shardsSettled,
    int shardsFailed,
    int shardsMerged,
    long tokens,
    long price,
    String reason,
    Instant createdAt,
    Instant changedAt) {

  public BatchRecord {
    requireNonNull(terms, "terms is null");
    requireNonNull(state, "state is null");
    requireNonNull(itemsTotal, "itemsTotal is null");
    Checks.requireLine(reason, "reason");
    Checks.requireNotNegative(tokens, "tokens");
    Checks.requireNotNegative(price, "price");
    Checks.requireNotNegative(shardsSettled, "shardsSettled");
    Checks.requireNotNegative(shardsFailed, "shardsFailed");
    createdAt = Checks.millis(createdAt, "createdAt");
    changedAt = Checks.millis(changedAt, "changedAt");
    if (itemsMerged < 0
        || itemsMerged > itemsCut
        || itemsCut > itemsReceived
        || itemsReceived > itemsTotal.orElse(Long.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "items merged, cut, received, in all: "
              + itemsMerged
              + ", "
              + itemsCut
              + ", "
              + itemsReceived
              + ", "
              + itemsTotal);
    }
    if (shardsMerged < 0
        || shardsMerged > (long) shardsSettled + shardsFailed
        || (long) shardsSettled + shardsFailed > shardsCut) {
      throw new IllegalArgumentException(
          "shards merged, settled, failed, cut: "
              + shardsMerged
              + ", "
              + shardsSettled
              + ", "
              + shardsFailed
              + ", "
              + shardsCut);
    }
  }

  /** A batch whose terms are agreed. */
  public static BatchRecord accepted(Signed<BatchTerms> terms, Instant now) {
    return new BatchRecord(
        terms, BatchState.ACCEPTED, 0, OptionalLong.empty(), 0, 0, 0, 0, 0, 0, 0, 0, "", now, now);
  }

  /**
   * A batch that another aggregator has begun.
   *
   * @param merged items whose results the client has already
   * @param shards in which they were: later ones get other numbers
   */
  public static BatchRecord resumed(
      Signed<BatchTerms> terms, long merged, int shards, Instant now) {
    return new BatchRecord(
        terms,
        BatchState.ACCEPTED,
        merged,
        OptionalLong.empty(),
        merged,
        merged,
        shards,
        shards,
        0,
        shards,
        0,
        0,
        "",
        now,
        now);
  }

  /** Another aggregator goes on with what is not merged. */
  public BatchRecord handedOver(Signed<BatchTerms> newTerms, Instant now) {
    requireOpen("be handed over");
    BatchTerms said = newTerms.statement();
    BatchTerms before = terms.statement();
    if (!said.job().equals(before.job())
        || said.attempt() <= before.attempt()
        || !said.client().equals(before.client())
        || !said.model().equals(before.model())
        || said.task() != before.task()
        || !said.sampling().equals(before.sampling())) {
      throw illegal("go on with other terms");
    }
    return new BatchRecord(
        newTerms,
        state,
        itemsReceived,
        itemsTotal,
        itemsCut,
        itemsMerged,
        shardsCut,
        shardsSettled,
        shardsFailed,
        shardsMerged,
        tokens,
        price,
        reason,
        createdAt,
        now);
  }

  public JobId job() {
    return terms.statement().job();
  }

  /** Whether every item is there. */
  public boolean isWhole() {
    return itemsTotal.isPresent() && itemsReceived == itemsTotal.getAsLong();
  }

  /** Whether every item is there and its shard merged. */
  public boolean isMerged() {
    return isWhole() && itemsMerged == itemsReceived;
  }

  /** More items are there. */
  public BatchRecord received(int items, Instant now) {
    requireOpen("take items");
    if (itemsTotal.isPresent()) {
      throw illegal("take items after their end");
    }
    Checks.requirePositive(items, "items");
    return with(state, itemsReceived + items, itemsTotal, itemsCut, shardsCut, reason, now);
  }

  /** The client has said how many items there are: as many as have come. */
  public BatchRecord ended(long total, Instant now) {
    requireOpen("take the end of its items");
    if (itemsTotal.isPresent() || total != itemsReceived) {
      throw illegal("end after " + total + " items, with " + itemsReceived + " there");
    }
    return with(state, itemsReceived, OptionalLong.of(total), itemsCut, shardsCut, reason, now);
  }

  /** The next items are a shard, with the number {@link #shardsCut}. */
  public BatchRecord cut(int items, Instant now) {
    requireOpen("cut a shard");
    Checks.requirePositive(items, "items");
    if (items > itemsReceived - itemsCut) {
      throw illegal("cut " + items + " of " + (itemsReceived - itemsCut) + " items");
    }
    BatchState running =
        state == BatchState.RUNNING
            ? state
            : Steps.go(this, state, state.next(), BatchState.RUNNING);
    return with(running, itemsReceived, itemsTotal, itemsCut + items, shardsCut + 1, reason, now);
  }

  /** A shard is settled. */
  public BatchRecord settled(long moreTokens, long morePrice, Instant now) {
    requireOpen("settle a shard");
    return counting(
        shardsSettled + 1,
        shardsFailed,
        shardsMerged,
        itemsMerged,
        Math.addExact(tokens, moreTokens),
        Math.addExact(price, morePrice),
        now);
  }

  /** A shard is given up. */
  public BatchRecord shardFailed(Instant now) {
    requireOpen("give up a shard");
    return counting(shardsSettled, shardsFailed + 1, shardsMerged, itemsMerged, tokens, price, now);
  }

  /** The next shard, the one with the number {@link #shardsMerged}, has been passed on. */
  public BatchRecord merged(int items, Instant now) {
    requireOpen("merge a shard");
    return counting(
        shardsSettled, shardsFailed, shardsMerged + 1, itemsMerged + items, tokens, price, now);
  }

  /** All is merged: completed, or partial where a shard was given up. */
  public BatchRecord completed(Instant now) {
    if (!isMerged()) {
      throw illegal("complete with " + itemsMerged + " items merged");
    }
    return to(
        shardsFailed == 0 ? BatchState.COMPLETED : BatchState.PARTIAL,
        shardsFailed == 0 ? "" : shardsFailed + " of " + shardsCut + " shards failed",
        now);
  }

  /** It ends here, for that reason. */
  public BatchRecord to(BatchState end, String why, Instant now) {
    return with(
        Steps.go(this, state, state.next(), end),
        itemsReceived,
        itemsTotal,
        itemsCut,
        shardsCut,
        why,
        now);
  }

  private void requireOpen(String step) {
    if (state.isFinal()) {
      throw illegal(step);
    }
  }

  private IllegalStepException illegal(String step) {
    return new IllegalStepException(this + " is " + state + " and cannot " + step);
  }

  private BatchRecord with(
      BatchState newState,
      long received,
      OptionalLong total,
      long cut,
      int shards,
      String why,
      Instant now) {
    return new BatchRecord(
        terms,
        newState,
        received,
        total,
        cut,
        itemsMerged,
        shards,
        shardsSettled,
        shardsFailed,
        shardsMerged,
        tokens,
        price,
        why,
        createdAt,
        now);
  }

  private BatchRecord counting(
      int settled,
      int failed,
      int merged,
      long mergedItems,
      long allTokens,
      long allPrice,
      Instant now) {
    return new BatchRecord(
        terms,
        state,
        itemsReceived,
        itemsTotal,
        itemsCut,
        mergedItems,
        shardsCut,
        settled,
        failed,
        merged,
        allTokens,
        allPrice,
        reason,
        createdAt,
        now);
  }

  /** The batch and how far it is. */
  @Override
  public String toString() {
    return "batch "
        + job()
        + " ("
        + itemsMerged
        + " of "
        + itemsReceived
        + " items merged, shards "
        + shardsCut
        + ")";
  }
}
