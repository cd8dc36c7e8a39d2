package io.infernet.verification.redundancy;

import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.TestItem;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The items of a shard whose answers were known before, and those answers. A replica fails when its
 * results for them do not agree with the answers by the rule that replicas are compared with, so
 * that rounding fails nobody whom it would not outvote. An immutable value.
 *
 * @param answers by the item's place in the shard, counted from 0
 */
public record TestItems(SortedMap<Integer, ItemResult> answers) {

  public TestItems {
    answers = Collections.unmodifiableSortedMap(new TreeMap<>(answers));
    if (!answers.isEmpty() && answers.firstKey() < 0) {
      throw new IllegalArgumentException("an item at " + answers.firstKey());
    }
  }

  /** Those answers; places must differ. */
  public static TestItems of(List<TestItem> tests) {
    SortedMap<Integer, ItemResult> answers = new TreeMap<>();
    for (TestItem test : tests) {
      if (answers.put(test.position(), test.answer()) != null) {
        throw new IllegalArgumentException("two test items at " + test.position());
      }
    }
    return new TestItems(answers);
  }

  /** For a shard without any. */
  public static TestItems none() {
    return new TestItems(new TreeMap<>(Map.of()));
  }

  /**
   * Whether results of the whole shard have the known answers in them.
   *
   * @throws IllegalArgumentException when the shard is shorter than the test items say
   */
  public boolean passedBy(List<ItemResult> results, Agreement agreement) {
    if (!answers.isEmpty() && answers.lastKey() >= results.size()) {
      throw new IllegalArgumentException(
          "a test item at " + answers.lastKey() + " of " + results.size());
    }
    return agreement.agree(
        List.copyOf(answers.values()), answers.keySet().stream().map(results::get).toList());
  }
}
