package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

/**
 * An item with a known answer among those of a shard.
 *
 * @param position in the shard, from 0
 * @param item what the worker gets
 * @param answer what it should find
 */
public record TestItem(int position, ShardItem item, ItemResult answer) {

  public TestItem {
    Checks.requireNotNegative(position, "position");
    requireNonNull(item, "item is null");
    requireNonNull(answer, "answer is null");
  }
}
