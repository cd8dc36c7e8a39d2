package io.infernet.discovery.gossip;

import io.infernet.libp2p.host.Limits;
import java.time.Duration;

/**
 * How large messages are kept from travelling more often than they need to. Whoever gets one says
 * so at once (IDONTWANT, gossipsub v1.2). The largest are pushed to a few peers of the mesh and
 * announced to the others, who ask for what does not come by itself.
 *
 * @param dontWantSize bytes of content from which on IDONTWANT is sent
 * @param announceSize bytes of content above which a message is pushed to few peers
 * @param pushedPeers how many peers of the mesh a message above {@code announceSize} is pushed to,
 *     less those that are known to have it
 * @param announceInterval shortest time between two such announcements to one peer
 */
public record LargeMessageConfig(
    int dontWantSize, int announceSize, int pushedPeers, Duration announceInterval) {

  public LargeMessageConfig {
    Limits.requirePositive(dontWantSize, "dontWantSize");
    Limits.requireAtLeast(announceSize, dontWantSize, "announceSize", "dontWantSize");
    Limits.requirePositive(pushedPeers, "pushedPeers");
    Limits.requirePositive(announceInterval, "announceInterval");
  }

  /** Announcements eight times a heartbeat at most: of ten in all, other peers read no more. */
  public static LargeMessageConfig defaults() {
    return new LargeMessageConfig(1024, 16 * 1024, 3, Duration.ofMillis(130));
  }
}
