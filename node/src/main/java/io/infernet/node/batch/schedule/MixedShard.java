package io.infernet.node.batch.schedule;

import java.util.List;
import java.util.stream.Stream;

/**
 * The items of a shard with test items among them, in the order in which providers see them.
 *
 * @param slots each one a real item or a test item; the real ones in their order
 */
public record MixedShard(List<Slot> slots) {

  /** One item as a provider sees it. */
  public sealed interface Slot {}

  /**
   * An item of the batch.
   *
   * @param index within the shard, from 0
   */
  public record Real(int index) implements Slot {}

  /** An item whose answer is known. */
  public record Test(KnownItem item) implements Slot {}

  public MixedShard {
    slots = List.copyOf(slots);
  }

  /** The test items among them. */
  public List<KnownItem> tests() {
    return slots.stream()
        .flatMap(slot -> slot instanceof Test test ? Stream.of(test.item()) : Stream.empty())
        .toList();
  }

  /** Who must not get this shard: operators that had one of the test items before. */
  public List<Operator> barred() {
    return tests().stream().flatMap(item -> item.knownTo().stream()).distinct().toList();
  }
}
