package io.infernet.node.batch.schedule;

import static io.infernet.libp2p.host.Limits.requirePositive;

import java.util.Optional;

/**
 * Cuts consecutive items into shards by their tokens. Knows numbers of tokens only, and only of the
 * items that wait: the memory does not grow with the batch.
 */
public final class ShardCutter {

  private final int[] waiting;
  private final int maxItems;
  private int head;
  private int size;
  private long first;
  private long tokens;
  private boolean ended;

  /**
   * Consecutive items.
   *
   * @param first the number of the first one, from 0
   * @param items how many, at least 1
   * @param tokens of all of them
   */
  public record Cut(long first, int items, long tokens) {}

  /**
   * @param maxWaiting items that wait at most
   * @param maxItems items of a shard at most
   */
  public ShardCutter(int maxWaiting, int maxItems) {
    requirePositive(maxWaiting, "maxWaiting");
    requirePositive(maxItems, "maxItems");
    this.waiting = new int[maxWaiting];
    this.maxItems = maxItems;
  }

  /** A cutter that goes on at item {@code first}, after a restart. */
  public ShardCutter(int maxWaiting, int maxItems, long first) {
    this(maxWaiting, maxItems);
    this.first = first;
  }

  /**
   * Adds the next item.
   *
   * @param itemTokens what it costs: tokens of the prompt and the most of the answer, at least 1
   * @return false when as many wait as may: try again after some were cut
   */
  public boolean add(int itemTokens) {
    requirePositive(itemTokens, "itemTokens");
    if (ended) {
      throw new IllegalStateException("the input has ended");
    }
    if (size == waiting.length) {
      return false;
    }
    waiting[(head + size++) % waiting.length] = itemTokens;
    tokens += itemTokens;
    return true;
  }

  /** There are no further items. */
  public void end() {
    ended = true;
  }

  public boolean hasEnded() {
    return ended;
  }

  public boolean isEmpty() {
    return size == 0;
  }

  /** Tokens of the items that wait: all that is left once the input has {@link #hasEnded}. */
  public long waitingTokens() {
    return tokens;
  }

  /**
   * The shard of about {@code wanted} tokens that would be cut: nearest to it, at least an item.
   */
  public Optional<Cut> peek(long wanted) {
    if (size == 0) {
      return Optional.empty();
    }
    int items = 1;
    long sum = waiting[head];
    while (items < Math.min(size, maxItems)) {
      int next = waiting[(head + items) % waiting.length];
      if (sum + next - wanted > wanted - sum) {
        break;
      }
      sum += next;
      items++;
    }
    return Optional.of(new Cut(first, items, sum));
  }

  /**
   * Cuts off what {@link #peek} returned last.
   *
   * @throws IllegalStateException when it was cut already
   */
  public void take(Cut cut) {
    if (cut.first() != first || cut.items() > size) {
      throw new IllegalStateException("item " + cut.first() + " is not the next one");
    }
    head = (head + cut.items()) % waiting.length;
    size -= cut.items();
    first += cut.items();
    tokens -= cut.tokens();
  }
}
