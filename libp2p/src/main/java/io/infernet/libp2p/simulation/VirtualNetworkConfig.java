package io.infernet.libp2p.simulation;

import io.infernet.libp2p.host.ConnectionConfig;
import io.infernet.libp2p.host.Limits;
import java.time.Duration;

/**
 * How the hosts of a {@link VirtualNetwork} behave.
 *
 * @param dialRoundTrips round trips until a dialled connection is ready for streams; over TCP with
 *     Noise it is three
 * @param dialTimeout how long a dial waits for an answer
 * @param negotiationTimeout how long a new stream waits for its protocol
 * @param refusals whether an address where nobody listens refuses a dial after one round trip;
 *     otherwise the dial waits until its time is over, as it does for machines that are gone
 * @param identified whether hosts know each other's protocols as soon as they are connected, as
 *     identify would tell them
 * @param keepAlive how long the end of a connection whose other end vanished goes on
 * @param maxPeers peers that each host remembers
 * @param maxAddressesPerPeer addresses remembered of each
 */
public record VirtualNetworkConfig(
    int dialRoundTrips,
    Duration dialTimeout,
    Duration negotiationTimeout,
    boolean refusals,
    boolean identified,
    Duration keepAlive,
    int maxPeers,
    int maxAddressesPerPeer,
    ConnectionConfig connections) {

  public VirtualNetworkConfig {
    Limits.requirePositive(dialRoundTrips, "dialRoundTrips");
    Limits.requirePositive(dialTimeout, "dialTimeout");
    Limits.requirePositive(negotiationTimeout, "negotiationTimeout");
    Limits.requirePositive(keepAlive, "keepAlive");
    Limits.requirePositive(maxPeers, "maxPeers");
    Limits.requirePositive(maxAddressesPerPeer, "maxAddressesPerPeer");
  }

  /** A few hosts that refuse at once what they do not take, and are not identified. */
  public static VirtualNetworkConfig defaults() {
    return new VirtualNetworkConfig(
        1,
        Duration.ofSeconds(10),
        Duration.ofSeconds(10),
        true,
        false,
        Duration.ofSeconds(30),
        10_000,
        16,
        ConnectionConfig.defaults());
  }
}
