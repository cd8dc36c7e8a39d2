package io.infernet.discovery.kad;

import io.infernet.discovery.kad.query.QueryStats;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Duration;
import java.util.List;

/**
 * What a look-up found and cost.
 *
 * @param closest the closest peers to the key that answered, nearest first; at most k
 * @param region the same, and those beyond that are within the radius in which k are expected;
 *     records go to all of them
 * @param stats rounds and requests
 * @param duration from start to end
 */
public record LookupResult(
    List<PeerInfo> closest, List<PeerInfo> region, QueryStats stats, Duration duration) {

  public LookupResult {
    closest = List.copyOf(closest);
    region = List.copyOf(region);
  }
}
