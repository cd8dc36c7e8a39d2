package io.infernet.discovery.kad;

import java.util.List;
import java.util.OptionalDouble;

/**
 * The DHT at a moment, for people.
 *
 * @param peers in the routing table
 * @param buckets peers that share 0, 1, 2, … bits of prefix with this node
 * @param networkSize how many servers there are, estimated
 * @param provided keys that this node provides
 * @param providers provider records kept, own ones included
 * @param values values kept, own ones included
 * @param violations times that a peer broke the protocol
 */
public record KadStatus(
    KadMode mode,
    int peers,
    List<Integer> buckets,
    OptionalDouble networkSize,
    int provided,
    int providers,
    int values,
    long violations) {

  public KadStatus {
    buckets = List.copyOf(buckets);
  }
}
