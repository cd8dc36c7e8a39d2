package io.infernet.libp2p.host;

import java.time.Duration;

/**
 * How many connections are kept and which go first.
 *
 * @param maxConnections ready connections at once; inbound ones beyond are closed
 * @param highWater above this many, connections are trimmed
 * @param lowWater trimming stops here
 * @param maxPerPeer connections kept to one peer; both sides may have dialled at once
 * @param gracePeriod a connection younger than this is not trimmed
 * @param redundantIdle a second connection to a peer is closed after it was without streams this
 *     long
 * @param checkInterval how often connections are looked through for that
 */
public record ConnectionConfig(
    int maxConnections,
    int highWater,
    int lowWater,
    int maxPerPeer,
    Duration gracePeriod,
    Duration redundantIdle,
    Duration checkInterval) {

  public ConnectionConfig {
    Limits.requirePositive(lowWater, "lowWater");
    Limits.requireAtLeast(highWater, lowWater, "highWater", "lowWater");
    Limits.requireAtLeast(maxConnections, highWater, "maxConnections", "highWater");
    Limits.requireAtLeast(maxPerPeer, 2, "maxPerPeer", "one for each side that dials");
    Limits.requireNotNegative(gracePeriod, "gracePeriod");
    Limits.requirePositive(redundantIdle, "redundantIdle");
    Limits.requirePositive(checkInterval, "checkInterval");
  }

  /** For a home connection, whose router keeps a table of a few thousand for the whole house. */
  public static ConnectionConfig defaults() {
    return upTo(512);
  }

  /**
   * Keeps up to half of {@code maxConnections} for long; the other half is room for those that come
   * before others are trimmed.
   *
   * @param maxConnections at least 4
   */
  public static ConnectionConfig upTo(int maxConnections) {
    return new ConnectionConfig(
        maxConnections,
        maxConnections / 2,
        maxConnections * 3 / 8,
        3,
        Duration.ofSeconds(30),
        Duration.ofSeconds(30),
        Duration.ofSeconds(10));
  }
}
