package io.infernet.discovery.kad.routing;

import io.infernet.libp2p.host.Limits;
import java.time.Duration;

/**
 * How large a routing table is and whom it prefers.
 *
 * @param bucketSize peers in a bucket, k
 * @param maxReplacements peers that wait for a place in one bucket
 * @param maxFailures failures one after the other that cost a peer its place even when nobody waits
 *     for it
 * @param checkAge a peer that was heard of within this time is not checked before eviction
 * @param maxPerGroupInBucket peers of one {@link IpGroup} in a bucket
 * @param maxPerGroup peers of one {@link IpGroup} in the table
 */
public record RoutingTableConfig(
    int bucketSize,
    int maxReplacements,
    int maxFailures,
    Duration checkAge,
    int maxPerGroupInBucket,
    int maxPerGroup) {

  public RoutingTableConfig {
    Limits.requirePositive(bucketSize, "bucketSize");
    Limits.requirePositive(maxReplacements, "maxReplacements");
    Limits.requirePositive(maxFailures, "maxFailures");
    Limits.requireNotNegative(checkAge, "checkAge");
    Limits.requirePositive(maxPerGroupInBucket, "maxPerGroupInBucket");
    Limits.requireAtLeast(maxPerGroup, maxPerGroupInBucket, "maxPerGroup", "maxPerGroupInBucket");
  }

  /**
   * k = 20 as the specification says; the limits per group are a little wider than those of
   * go-libp2p-kad-dht (2 and 3), because machines of one data centre or campus are welcome.
   */
  public static RoutingTableConfig defaults() {
    return new RoutingTableConfig(20, 5, 2, Duration.ofMinutes(2), 3, 10);
  }
}
