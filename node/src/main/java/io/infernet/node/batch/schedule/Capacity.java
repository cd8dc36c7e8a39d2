package io.infernet.node.batch.schedule;

import static io.infernet.libp2p.host.Limits.requirePositive;
import static java.util.Objects.requireNonNull;

/**
 * What a provider says it takes.
 *
 * @param slots shards at the same time
 * @param maxTokens of one shard
 * @param hardwareClass within a class results are the same in every bit; empty when it does not say
 */
public record Capacity(int slots, long maxTokens, String hardwareClass) {

  public Capacity {
    requirePositive(slots, "slots");
    requirePositive(maxTokens, "maxTokens");
    requireNonNull(hardwareClass, "hardwareClass is null");
  }

  /** One shard of any size at a time. */
  public static Capacity plain() {
    return new Capacity(1, Long.MAX_VALUE, "");
  }
}
