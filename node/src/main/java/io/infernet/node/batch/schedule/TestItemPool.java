package io.infernet.node.batch.schedule;

import static io.infernet.libp2p.host.Limits.requirePositive;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * Test items that wait to be mixed into shards. Nothing tells them from the rest: how many a shard
 * gets and where they stand is random, each is about as long as a random real item of that shard,
 * each is used once, and nobody gets one that its operator had before.
 */
public final class TestItemPool {

  /** A test item is taken in place of a real one when it has this part of its tokens at least. */
  private static final double ALIKE = 0.67;

  private final double rate;
  private final int maxItems;
  private final RandomGenerator random;
  private final TreeMap<Integer, Deque<KnownItem>> byTokens = new TreeMap<>();
  private int size;

  /**
   * @param rate test items for each real one, from 0 to 1
   * @param maxItems that wait at most
   */
  public TestItemPool(double rate, int maxItems, RandomGenerator random) {
    if (!(rate >= 0 && rate <= 1)) {
      throw new IllegalArgumentException("rate must be 0 to 1, not " + rate);
    }
    requirePositive(maxItems, "maxItems");
    this.rate = rate;
    this.maxItems = maxItems;
    this.random = random;
  }

  /**
   * Adds an item.
   *
   * @return false when as many wait as may
   */
  public boolean add(KnownItem item) {
    if (size == maxItems) {
      return false;
    }
    byTokens.computeIfAbsent(item.tokens(), tokens -> new ArrayDeque<>()).add(item);
    size++;
    return true;
  }

  public int size() {
    return size;
  }

  /**
   * Mixes test items into a shard; fewer than the rate says when none is alike.
   *
   * @param tokens of the real items, in their order
   * @param first the operator that gets the shard first; the others are those not {@link
   *     MixedShard#barred}
   */
  public MixedShard mix(List<Integer> tokens, Operator first) {
    double expected = rate * tokens.size();
    int wanted = (int) expected + (random.nextDouble() < expected - (int) expected ? 1 : 0);
    Deque<KnownItem> tests = new ArrayDeque<>();
    for (int i = 0; i < wanted; i++) {
      takeLike(tokens.get(random.nextInt(tokens.size())), first).ifPresent(tests::add);
    }
    int length = tokens.size() + tests.size();
    List<MixedShard.Slot> slots = new ArrayList<>(length);
    int real = 0;
    for (int i = 0; i < length; i++) {
      // Drawing so gives each set of places the same chance.
      if (random.nextInt(length - i) < tests.size()) {
        slots.add(new MixedShard.Test(tests.remove()));
      } else {
        slots.add(new MixedShard.Real(real++));
      }
    }
    return new MixedShard(slots);
  }

  /** Takes out the item nearest in tokens that the operator does not know. */
  private Optional<KnownItem> takeLike(int tokens, Operator first) {
    int least = (int) Math.ceil(tokens * ALIKE);
    int most = (int) Math.min(Integer.MAX_VALUE, tokens / ALIKE);
    Integer best = null;
    for (Map.Entry<Integer, Deque<KnownItem>> entry :
        byTokens.subMap(least, true, most, true).entrySet()) {
      if ((best == null || Math.abs(entry.getKey() - tokens) < Math.abs(best - tokens))
          && entry.getValue().stream().anyMatch(item -> !first.mayBeOneOf(item.knownTo()))) {
        best = entry.getKey();
      }
    }
    if (best == null) {
      return Optional.empty();
    }
    Deque<KnownItem> alike = byTokens.get(best);
    KnownItem taken = null;
    for (Iterator<KnownItem> items = alike.iterator(); taken == null; ) {
      KnownItem item = items.next();
      if (!first.mayBeOneOf(item.knownTo())) {
        items.remove();
        taken = item;
      }
    }
    if (alike.isEmpty()) {
      byTokens.remove(best);
    }
    size--;
    return Optional.of(taken);
  }
}
