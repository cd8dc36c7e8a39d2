package io.infernet.verification.redundancy;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.SamplingParams;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.verification.batch.Assignment;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.TaskType;
import java.util.List;

/**
 * What a provider is asked to do with one shard: all that the results follow from, so that anybody
 * who has the model can do it again.
 *
 * @param model the CID of the model's manifest
 * @param task what is done with each item
 * @param sampling how tokens are chosen; each item has a seed of its own, that in here counts for
 *     nothing
 * @param maxTokens of each answer; 0 unless texts are made
 * @param stopIds tokens that end an answer, ascending
 * @param items at least one
 */
public record ShardWork(
    Cid model,
    TaskType task,
    SamplingParams sampling,
    int maxTokens,
    List<Integer> stopIds,
    List<ShardItem> items) {

  public ShardWork {
    requireNonNull(model, "model is null");
    requireNonNull(task, "task is null");
    requireNonNull(sampling, "sampling is null");
    if (maxTokens < 0) {
      throw new IllegalArgumentException("maxTokens is negative: " + maxTokens);
    }
    stopIds = stopIds.stream().distinct().sorted().toList();
    items = List.copyOf(items);
    if (items.isEmpty()) {
      throw new IllegalArgumentException("a shard without items");
    }
  }

  /** What an assignment asks for, with the items that came with it. */
  public static ShardWork of(Assignment assignment, List<ShardItem> items) {
    return new ShardWork(
        assignment.model(),
        assignment.task(),
        assignment.sampling(),
        assignment.maxTokens(),
        assignment.stopIds(),
        items);
  }
}
