package io.infernet.verification.redundancy;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.batch.ShardId;

/**
 * The name of one provider's go at one shard.
 *
 * @param shard which shard
 * @param attempt how many assignments of the shard there were before this one
 * @param worker who does it
 */
public record ReplicaId(ShardId shard, int attempt, PeerId worker) {

  public ReplicaId {
    requireNonNull(shard, "shard is null");
    requireNonNull(worker, "worker is null");
    if (attempt < 0) {
      throw new IllegalArgumentException("attempt is negative: " + attempt);
    }
  }
}
