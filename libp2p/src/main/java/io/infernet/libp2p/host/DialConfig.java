package io.infernet.libp2p.host;

import java.time.Duration;

/**
 * How peers are dialled.
 *
 * @param headStart how long an address may try alone before the next one is tried beside it
 * @param addressTimeout longest attempt at one address: connecting and the whole handshake
 * @param maxAddresses addresses of a peer that one dial tries, names resolved
 * @param maxConcurrent attempts under way at once, all peers together
 * @param maxWaiting dials under way or waiting for their turn
 * @param backoffMin how long an address rests after its first failure; doubles with each further
 *     one
 * @param backoffMax longest rest
 * @param maxBackoffs peers whose failures are remembered
 */
public record DialConfig(
    Duration headStart,
    Duration addressTimeout,
    int maxAddresses,
    int maxConcurrent,
    int maxWaiting,
    Duration backoffMin,
    Duration backoffMax,
    int maxBackoffs) {

  public DialConfig {
    Limits.requireNotNegative(headStart, "headStart");
    Limits.requirePositive(addressTimeout, "addressTimeout");
    Limits.requirePositive(maxAddresses, "maxAddresses");
    Limits.requirePositive(maxConcurrent, "maxConcurrent");
    Limits.requirePositive(maxWaiting, "maxWaiting");
    Limits.requirePositive(backoffMin, "backoffMin");
    Limits.requireAtLeast(backoffMax, backoffMin, "backoffMax", "backoffMin");
    Limits.requirePositive(maxBackoffs, "maxBackoffs");
  }

  public static DialConfig defaults() {
    return new DialConfig(
        Duration.ofMillis(250), // RFC 8305 §8, Connection Attempt Delay
        Duration.ofSeconds(10),
        16,
        64,
        1024,
        Duration.ofSeconds(1),
        Duration.ofMinutes(1),
        10_000);
  }
}
