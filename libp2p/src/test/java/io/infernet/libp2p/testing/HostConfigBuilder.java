package io.infernet.libp2p.testing;

import io.infernet.libp2p.host.ConnectionConfig;
import io.infernet.libp2p.host.DialConfig;
import io.infernet.libp2p.host.HostConfig;
import io.infernet.libp2p.host.StreamConfig;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multistream.MultistreamConfig;
import io.infernet.libp2p.muxer.yamux.YamuxConfig;
import io.infernet.libp2p.security.noise.NoiseConfig;
import io.infernet.libp2p.transport.tcp.TcpConfig;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** The default config, listening on any loopback port, with some values changed. */
public final class HostConfigBuilder {

  public List<Multiaddr> listen;
  public int eventLoops;
  public Duration upgradeTimeout;
  public Duration closeTimeout;
  public boolean earlyMuxer;
  public int maxPeers;
  public int maxAddressesPerPeer;
  public TcpConfig tcp;
  public NoiseConfig noise;
  public MultistreamConfig multistream;
  public YamuxConfig yamux;
  public DialConfig dial;
  public ConnectionConfig connections;
  public StreamConfig streams;

  private HostConfigBuilder(HostConfig config) {
    listen = config.listen();
    eventLoops = config.eventLoops();
    upgradeTimeout = config.upgradeTimeout();
    closeTimeout = config.closeTimeout();
    earlyMuxer = config.earlyMuxer();
    maxPeers = config.maxPeers();
    maxAddressesPerPeer = config.maxAddressesPerPeer();
    tcp = config.tcp();
    noise = config.noise();
    multistream = config.multistream();
    yamux = config.yamux();
    dial = config.dial();
    connections = config.connections();
    streams = config.streams();
  }

  public static HostConfig with(Consumer<HostConfigBuilder> change) {
    HostConfigBuilder builder =
        new HostConfigBuilder(HostConfig.defaults().listeningOn(List.of(LoopbackNetwork.ANY_PORT)));
    change.accept(builder);
    return builder.build();
  }

  private HostConfig build() {
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
        connections,
        streams);
  }
}
