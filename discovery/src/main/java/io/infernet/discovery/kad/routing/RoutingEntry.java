package io.infernet.discovery.kad.routing;

import io.infernet.libp2p.peer.PeerInfo;
import org.jspecify.annotations.Nullable;

/**
 * A peer in the routing table and what is known of it. Changed by its {@link RoutingTable} only.
 */
public final class RoutingEntry {

  private final KadKey key;
  final @Nullable IpGroup group;
  PeerInfo peer;
  long seen;
  int failures;

  RoutingEntry(PeerInfo peer, KadKey key, @Nullable IpGroup group, long now) {
    this.peer = peer;
    this.key = key;
    this.group = group;
    this.seen = now;
  }

  /** The peer with addresses that worked or that it gave itself. */
  public PeerInfo peer() {
    return peer;
  }

  public KadKey key() {
    return key;
  }

  /** When it answered last, in the ticker's nanoseconds. */
  public long seen() {
    return seen;
  }

  /** Failures since it answered last. */
  public int failures() {
    return failures;
  }
}
