package io.infernet.node.batch.schedule;

import io.infernet.libp2p.peer.PeerId;
import java.util.List;

/**
 * What follows from a replica that is done.
 *
 * @param counted whether it was still wanted
 * @param full whether all replicas that are wanted of the shard are done: compare them now
 * @param cancelled whose work on the shard is not wanted any more
 */
public record Completion(boolean counted, boolean full, List<PeerId> cancelled) {

  public Completion {
    cancelled = List.copyOf(cancelled);
  }
}
