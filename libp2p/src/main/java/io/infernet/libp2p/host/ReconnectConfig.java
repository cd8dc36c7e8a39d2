package io.infernet.libp2p.host;

import java.time.Duration;

/**
 * How hard {@link KeepConnected} tries.
 *
 * @param firstPause before a peer is dialled again; doubles with each try, and each is varied by a
 *     fifth
 * @param maxPause the longest pause
 * @param maxTries how often a peer is dialled that was protected when its connection broke
 * @param maxPeers peers that are being kept or won back at once
 */
public record ReconnectConfig(Duration firstPause, Duration maxPause, int maxTries, int maxPeers) {

  public ReconnectConfig {
    Limits.requirePositive(firstPause, "firstPause");
    Limits.requireAtLeast(maxPause, firstPause, "maxPause", "firstPause");
    Limits.requirePositive(maxTries, "maxTries");
    Limits.requirePositive(maxPeers, "maxPeers");
  }

  /** From one second to one minute; after six tries, a minute or so, a lost peer is given up. */
  public static ReconnectConfig defaults() {
    return new ReconnectConfig(Duration.ofSeconds(1), Duration.ofMinutes(1), 6, 512);
  }
}
