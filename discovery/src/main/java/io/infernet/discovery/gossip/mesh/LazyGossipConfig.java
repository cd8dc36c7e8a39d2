package io.infernet.discovery.gossip.mesh;

import io.infernet.libp2p.host.Limits;
import java.time.Duration;

/**
 * How messages are announced (IHAVE) and asked for (IWANT).
 *
 * @param degree D_lazy: peers outside the mesh that hear of new messages at each heartbeat, at
 *     least
 * @param factor the share of such peers that hear of them, where that is more
 * @param historyLength heartbeats during which a message can be asked for
 * @param historyGossip heartbeats during which it is announced
 * @param maxCachedMessages messages kept for those who ask
 * @param maxCachedBytes their bytes
 * @param maxIHaveLength message ids taken from one peer's announcements in a heartbeat, and the
 *     most in one announcement
 * @param maxIHaveMessages announcements that are read from one peer in a heartbeat
 * @param maxIWantLength message ids that one peer may ask for in a heartbeat
 * @param maxRetransmissions times that a message is sent to one peer who asks for it
 * @param wantDelay how long an announced message may come by itself before it is asked for
 * @param wantRetry after what time another peer that announced it is asked
 * @param followUp within what time an announced message has to come once it was asked for
 * @param maxWanted announced messages that are waited for
 * @param maxWantedPerPeer those of them that one peer announced first
 */
public record LazyGossipConfig(
    int degree,
    double factor,
    int historyLength,
    int historyGossip,
    int maxCachedMessages,
    long maxCachedBytes,
    int maxIHaveLength,
    int maxIHaveMessages,
    int maxIWantLength,
    int maxRetransmissions,
    Duration wantDelay,
    Duration wantRetry,
    Duration followUp,
    int maxWanted,
    int maxWantedPerPeer) {

  public LazyGossipConfig {
    if (degree < 0 || !(factor >= 0 && factor <= 1)) {
      throw new IllegalArgumentException("degree is negative or factor not between 0 and 1");
    }
    Limits.requirePositive(historyGossip, "historyGossip");
    Limits.requireAtLeast(historyLength, historyGossip, "historyLength", "historyGossip");
    Limits.requirePositive(maxCachedMessages, "maxCachedMessages");
    Limits.requirePositive(maxCachedBytes, "maxCachedBytes");
    Limits.requirePositive(maxIHaveLength, "maxIHaveLength");
    Limits.requirePositive(maxIHaveMessages, "maxIHaveMessages");
    Limits.requirePositive(maxIWantLength, "maxIWantLength");
    Limits.requirePositive(maxRetransmissions, "maxRetransmissions");
    Limits.requireNotNegative(wantDelay, "wantDelay");
    Limits.requirePositive(wantRetry, "wantRetry");
    Limits.requirePositive(followUp, "followUp");
    Limits.requirePositive(maxWantedPerPeer, "maxWantedPerPeer");
    Limits.requireAtLeast(maxWanted, maxWantedPerPeer, "maxWanted", "maxWantedPerPeer");
  }

  /** The specification's values, and those of its reference implementation for the limits. */
  public static LazyGossipConfig defaults() {
    return new LazyGossipConfig(
        6,
        0.25,
        5,
        3,
        10_000,
        64L << 20,
        5_000,
        10,
        5_000,
        3,
        Duration.ofMillis(100),
        Duration.ofMillis(1_500),
        Duration.ofSeconds(3),
        20_000,
        2_000);
  }
}
