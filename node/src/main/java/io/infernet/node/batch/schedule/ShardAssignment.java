package io.infernet.node.batch.schedule;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerId;

/**
 * One replica of a shard, and who computes it.
 *
 * @param shard the shard's number, from 0
 * @param cut its items, without test items
 * @param attempt the replica's number on that shard, from 0
 * @param peer who
 * @param deadline when it is given up, in nanoseconds of the ticker
 * @param first whether the shard was cut for it: now is the time to mix in test items
 * @param doubled whether it races against a straggler; the first to be done counts
 */
public record ShardAssignment(
    int shard,
    ShardCutter.Cut cut,
    int attempt,
    PeerId peer,
    long deadline,
    boolean first,
    boolean doubled) {

  public ShardAssignment {
    requireNonNull(cut, "cut is null");
    requireNonNull(peer, "peer is null");
  }
}
