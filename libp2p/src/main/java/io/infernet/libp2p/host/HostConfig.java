package io.infernet.libp2p.host;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multistream.MultistreamConfig;
import io.infernet.libp2p.muxer.yamux.YamuxConfig;
import io.infernet.libp2p.security.noise.NoiseConfig;
import io.infernet.libp2p.transport.tcp.TcpConfig;
import java.time.Duration;
import java.util.List;

/**
 * Settings of a {@link NettyHost}; every limit of the layers under it is in one of the records.
 *
 * @param listen addresses to listen on, port zero for any; empty for a node that only dials
 * @param eventLoops threads that carry connections
 * @param upgradeTimeout longest time from a TCP connection to one that is ready for streams
 * @param closeTimeout how long a remote that does not read may hold up a close
 * @param earlyMuxer whether the muxer is agreed on within the Noise handshake, which saves a round
 *     trip
 * @param maxPeers peers whose addresses are remembered
 * @param maxAddressesPerPeer addresses remembered of each
 */
public record HostConfig(
    List<Multiaddr> listen,
    int eventLoops,
    Duration upgradeTimeout,
    Duration closeTimeout,
    boolean earlyMuxer,
    int maxPeers,
    int maxAddressesPerPeer,
    TcpConfig tcp,
    NoiseConfig noise,
    MultistreamConfig multistream,
    YamuxConfig yamux,
    DialConfig dial,
    ConnectionConfig connections,
    StreamConfig streams) {

  public HostConfig {
    listen = List.copyOf(listen);
    Limits.requirePositive(eventLoops, "eventLoops");
    Limits.requirePositive(upgradeTimeout, "upgradeTimeout");
    Limits.requirePositive(closeTimeout, "closeTimeout");
    Limits.requirePositive(maxPeers, "maxPeers");
    Limits.requirePositive(maxAddressesPerPeer, "maxAddressesPerPeer");
  }

  /** Settings for a node on the open network that listens nowhere yet. */
  public static HostConfig defaults() {
    return new HostConfig(
        List.of(),
        /* eventLoops= */ 2,
        /* upgradeTimeout= */ Duration.ofSeconds(10),
        /* closeTimeout= */ Duration.ofSeconds(1),
        /* earlyMuxer= */ true,
        /* maxPeers= */ 10_000,
        /* maxAddressesPerPeer= */ 16,
        TcpConfig.defaults(),
        NoiseConfig.defaults(),
        MultistreamConfig.defaults(),
        YamuxConfig.defaults(),
        DialConfig.defaults(),
        ConnectionConfig.defaults(),
        StreamConfig.defaults());
  }

  /** The same settings, listening on {@code addresses}. */
  public HostConfig listeningOn(List<Multiaddr> addresses) {
    return new HostConfig(
        addresses,
        eventLoops,
        upgradeTimeout,
        closeTimeout,
        earlyMuxer,
        maxPeers,
        maxAddressesPerPeer,
        tcp,
        noise,
        multistream,
        yamux,
        dial,
        connections,
        streams);
  }

  /** The same settings with other limits on connections. */
  public HostConfig with(ConnectionConfig others) {
    return new HostConfig(
        listen,
        eventLoops,
        upgradeTimeout,
        closeTimeout,
        earlyMuxer,
        maxPeers,
        maxAddressesPerPeer,
        tcp,
        noise,
        multistream,
        yamux,
        dial,
        others,
        streams);
  }
}
