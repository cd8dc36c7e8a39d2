package io.infernet.discovery.kad;

import static java.util.Objects.requireNonNull;

import io.infernet.discovery.kad.query.QueryConfig;
import io.infernet.discovery.kad.routing.RoutingTableConfig;
import io.infernet.discovery.kad.wire.KadLimits;
import io.infernet.libp2p.host.Limits;
import io.infernet.libp2p.host.ProtocolId;
import java.time.Duration;

/**
 * How the DHT works and what it allows others.
 *
 * @param protocol spoken and served
 * @param mode whether it serves at first
 * @param wire size of messages
 * @param table the routing table
 * @param query look-ups
 * @param refreshInterval how often this node looks for its own key, and for a key of each bucket
 *     that is not full and no look-up went to, and of one that is full
 * @param refreshSize closest peers that must have answered in a look-up for a bucket
 * @param republishInterval how often own provider records and values are published again
 * @param checkInterval how often a few peers of the table that were long silent are asked whether
 *     they are there
 * @param checkAge how long silent
 * @param maxChecks peers that are checked at once
 * @param saveInterval how often the routing table is saved
 * @param sizeSamples look-ups that the estimate of the network's size rests on
 * @param maxOwnKeys keys that this node can provide
 * @param maxProvidersPerAnswer providers named in one answer and taken from one
 * @param maxProviders providers that one look-up finds
 * @param maxRequestsPerMinute requests of one peer that are served
 * @param maxRatedPeers peers whose requests are counted
 * @param maxInboundStreamsPerPeer streams that one peer may have open
 * @param maxPendingAnswers answers that may wait on one stream for the peer to read them
 * @param streamIdleTimeout an inbound stream without requests is closed after this time
 * @param maxViolations violations of the protocol that cost a peer its place
 * @param banDuration for how long
 * @param maxWatchedPeers peers whose violations and failed checks are remembered
 */
public record KadConfig(
    ProtocolId protocol,
    KadMode mode,
    KadLimits wire,
    RoutingTableConfig table,
    QueryConfig query,
    Duration refreshInterval,
    int refreshSize,
    Duration republishInterval,
    Duration checkInterval,
    Duration checkAge,
    int maxChecks,
    Duration saveInterval,
    int sizeSamples,
    int maxOwnKeys,
    int maxProvidersPerAnswer,
    int maxProviders,
    int maxRequestsPerMinute,
    int maxRatedPeers,
    int maxInboundStreamsPerPeer,
    int maxPendingAnswers,
    Duration streamIdleTimeout,
    int maxViolations,
    Duration banDuration,
    int maxWatchedPeers) {

  /** The name of the network that everybody is in who does not say otherwise. */
  public static final String MAIN_NETWORK = "main";

  public KadConfig {
    requireNonNull(protocol, "protocol is null");
    requireNonNull(mode, "mode is null");
    requireNonNull(wire, "wire is null");
    requireNonNull(table, "table is null");
    requireNonNull(query, "query is null");
    Limits.requirePositive(refreshInterval, "refreshInterval");
    Limits.requirePositive(refreshSize, "refreshSize");
    Limits.requirePositive(republishInterval, "republishInterval");
    Limits.requirePositive(checkInterval, "checkInterval");
    Limits.requirePositive(checkAge, "checkAge");
    Limits.requirePositive(maxChecks, "maxChecks");
    Limits.requirePositive(saveInterval, "saveInterval");
    Limits.requirePositive(sizeSamples, "sizeSamples");
    Limits.requirePositive(maxOwnKeys, "maxOwnKeys");
    Limits.requirePositive(maxProvidersPerAnswer, "maxProvidersPerAnswer");
    Limits.requireAtLeast(
        wire.maxPeers(), maxProvidersPerAnswer, "wire.maxPeers", "maxProvidersPerAnswer");
    Limits.requirePositive(maxProviders, "maxProviders");
    Limits.requirePositive(maxRequestsPerMinute, "maxRequestsPerMinute");
    Limits.requirePositive(maxRatedPeers, "maxRatedPeers");
    Limits.requirePositive(maxInboundStreamsPerPeer, "maxInboundStreamsPerPeer");
    Limits.requirePositive(maxPendingAnswers, "maxPendingAnswers");
    Limits.requirePositive(streamIdleTimeout, "streamIdleTimeout");
    Limits.requirePositive(maxViolations, "maxViolations");
    Limits.requirePositive(banDuration, "banDuration");
    Limits.requirePositive(maxWatchedPeers, "maxWatchedPeers");
  }

  /** A server of the main network. */
  public static KadConfig defaults() {
    return new KadConfig(
        protocolOf(MAIN_NETWORK),
        KadMode.SERVER,
        KadLimits.defaults(),
        RoutingTableConfig.defaults(),
        QueryConfig.defaults(),
        Duration.ofMinutes(10),
        8,
        Duration.ofMinutes(12),
        Duration.ofSeconds(30),
        Duration.ofMinutes(10),
        8,
        Duration.ofMinutes(5),
        9,
        2_000,
        100,
        4_096,
        1_200,
        4_096,
        32,
        4,
        Duration.ofSeconds(60),
        5,
        Duration.ofMinutes(30),
        1_024);
  }

  /** The protocol of a network of our own. */
  public static ProtocolId protocolOf(String network) {
    return ProtocolId.of(
        network.equals(MAIN_NETWORK)
            ? "/infernet/kad/1.0.0"
            : "/infernet/" + network + "/kad/1.0.0");
  }

  /** The same for another protocol and mode. */
  public KadConfig with(ProtocolId otherProtocol, KadMode otherMode) {
    return new KadConfig(
        otherProtocol,
        otherMode,
        wire,
        table,
        query,
        refreshInterval,
        refreshSize,
        republishInterval,
        checkInterval,
        checkAge,
        maxChecks,
        saveInterval,
        sizeSamples,
        maxOwnKeys,
        maxProvidersPerAnswer,
        maxProviders,
        maxRequestsPerMinute,
        maxRatedPeers,
        maxInboundStreamsPerPeer,
        maxPendingAnswers,
        streamIdleTimeout,
        maxViolations,
        banDuration,
        maxWatchedPeers);
  }
}
