package io.infernet.discovery.gossip;

import io.infernet.libp2p.host.Limits;
import java.time.Duration;

/**
 * What one peer may cost, and all of them together.
 *
 * @param maxTopics topics that this node is subscribed to, and others that it publishes to
 * @param maxTopicsPerPeer subscriptions of one peer that are remembered
 * @param maxSubscriptionChanges topics that one peer may join and leave in a heartbeat
 * @param maxOutboundBytes bytes that wait to be sent to one peer
 * @param maxOutboundFrames RPCs that wait to be sent to one peer
 * @param maxInFlightBytes bytes handed to a peer's stream that have not left yet
 * @param bytesPerSecond bytes of RPCs that one peer may send for long
 * @param burstBytes bytes of RPCs that one peer may send at once
 * @param maxNewMessages messages not seen before that one peer may send in a heartbeat: each costs
 *     the check of a signature; more are dropped
 * @param maxGrafts GRAFTs and PRUNEs that are read from one peer in a heartbeat
 * @param maxDontWants IDONTWANT ids that are read from one peer in a heartbeat, and the messages
 *     that one peer is known to have
 * @param maxAnswerBytes bytes sent to one peer in a heartbeat because it asked (IWANT)
 * @param maxInboundStreams streams that one peer may open in a heartbeat
 * @param maxValidating messages that wait for their validators
 * @param validationTimeout after what time a validator that does not answer has ignored a message
 * @param maxSeen message ids that are remembered as seen
 * @param maxKnownKeys authors whose public keys are kept at hand
 * @param maxPromises announced messages that are tracked after they were asked for
 * @param maxOpenAttempts failures in a row after which no stream to a peer is opened any more,
 *     until it connects again or opens one itself
 * @param reopenDelay the first delay before a stream is opened again; it doubles each time
 * @param maxExchangeDials peers that others recommended and that are dialled at once
 */
public record GossipLimits(
    int maxTopics,
    int maxTopicsPerPeer,
    int maxSubscriptionChanges,
    long maxOutboundBytes,
    int maxOutboundFrames,
    int maxInFlightBytes,
    long bytesPerSecond,
    long burstBytes,
    int maxNewMessages,
    int maxGrafts,
    int maxDontWants,
    long maxAnswerBytes,
    int maxInboundStreams,
    int maxValidating,
    Duration validationTimeout,
    int maxSeen,
    int maxKnownKeys,
    int maxPromises,
    int maxOpenAttempts,
    Duration reopenDelay,
    int maxExchangeDials) {

  public GossipLimits {
    Limits.requirePositive(maxTopics, "maxTopics");
    Limits.requirePositive(maxTopicsPerPeer, "maxTopicsPerPeer");
    Limits.requireAtLeast(
        maxSubscriptionChanges, maxTopicsPerPeer, "maxSubscriptionChanges", "maxTopicsPerPeer");
    Limits.requirePositive(maxOutboundBytes, "maxOutboundBytes");
    Limits.requirePositive(maxOutboundFrames, "maxOutboundFrames");
    Limits.requirePositive(maxInFlightBytes, "maxInFlightBytes");
    Limits.requirePositive(bytesPerSecond, "bytesPerSecond");
    Limits.requireAtLeast(burstBytes, bytesPerSecond, "burstBytes", "bytesPerSecond");
    Limits.requirePositive(maxNewMessages, "maxNewMessages");
    Limits.requirePositive(maxGrafts, "maxGrafts");
    Limits.requirePositive(maxDontWants, "maxDontWants");
    Limits.requirePositive(maxAnswerBytes, "maxAnswerBytes");
    Limits.requirePositive(maxInboundStreams, "maxInboundStreams");
    Limits.requirePositive(maxValidating, "maxValidating");
    Limits.requirePositive(validationTimeout, "validationTimeout");
    Limits.requirePositive(maxSeen, "maxSeen");
    Limits.requirePositive(maxKnownKeys, "maxKnownKeys");
    Limits.requirePositive(maxPromises, "maxPromises");
    Limits.requirePositive(maxOpenAttempts, "maxOpenAttempts");
    Limits.requirePositive(reopenDelay, "reopenDelay");
    Limits.requirePositive(maxExchangeDials, "maxExchangeDials");
  }

  public static GossipLimits defaults() {
    return new GossipLimits(
        256,
        256,
        1_000,
        8L << 20,
        4_096,
        256 << 10,
        8L << 20,
        32L << 20,
        1_000,
        1_000,
        1_000,
        8L << 20,
        4,
        1_024,
        Duration.ofSeconds(10),
        200_000,
        4_096,
        20_000,
        5,
        Duration.ofSeconds(1),
        8);
  }
}
