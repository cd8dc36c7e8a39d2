package io.infernet.node.assembly;

import io.infernet.discovery.bootstrap.Bootstrap;
import io.infernet.discovery.bootstrap.BootstrapConfig;
import io.infernet.inference.InfernetException;
import io.infernet.libp2p.concurrent.EventThread;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.AddressUnavailableException;
import io.infernet.libp2p.host.ConnectionConfig;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.HostConfig;
import io.infernet.libp2p.host.KeepConnected;
import io.infernet.libp2p.host.NettyHost;
import io.infernet.libp2p.host.ReconnectConfig;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.protocol.identify.IdentifyConfig;
import io.infernet.libp2p.protocol.identify.IdentifyService;
import io.infernet.libp2p.protocol.ping.PingConfig;
import io.infernet.libp2p.protocol.ping.PingService;
import io.infernet.libp2p.security.noise.AeadFactory;
import io.infernet.libp2p.transport.tcp.DnsaddrConfig;
import io.infernet.libp2p.transport.tcp.DnsaddrResolver;
import io.infernet.libp2p.transport.tcp.InterfaceAddresses;
import io.infernet.libp2p.transport.tcp.SystemResolver;
import io.infernet.node.config.NodeConfig;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** The libp2p side of a node: host, identify, ping and the first peers. */
final class NetworkAssembly implements AutoCloseable {

  private static final int QUEUE = 4_096;
  private static final int RESOLVER_THREADS = 4;

  private final SystemResolver resolver;
  private final NettyHost host;
  private final EventThread identifyThread;
  private final IdentifyService identify;
  private final PingService ping;
  private final KeepConnected connections;
  private final Bootstrap bootstrap;
  private volatile List<Multiaddr> addresses = List.of();

  NetworkAssembly(
      NodeConfig.Network config,
      PrivateKey key,
      String agent,
      Scheduler scheduler,
      Ticker ticker,
      SecureRandom random) {
    resolver = new SystemResolver(RESOLVER_THREADS);
    host =
        new NettyHost(
            key, hostConfig(config), scheduler, ticker, resolver, AeadFactory.fastest(), random);
    identifyThread = new EventThread("identify", QUEUE);
    identify =
        new IdentifyService(
            host,
            key,
            IdentifyConfig.defaults(agent, "infernet/1.0.0"),
            InterfaceAddresses.system(),
            identifyThread,
            scheduler,
            Clock.systemUTC());
    ping = new PingService(host, PingConfig.defaults(), scheduler, ticker, random);
    connections = new KeepConnected(host, ReconnectConfig.defaults(), scheduler, random);
    bootstrap =
        new Bootstrap(
            host,
            BootstrapConfig.of(config.bootstrap()),
            new DnsaddrResolver(resolver, DnsaddrConfig.defaults()),
            connections,
            scheduler,
            random);
  }

  private static HostConfig hostConfig(NodeConfig.Network config) {
    return HostConfig.defaults()
        .listeningOn(config.listen())
        .with(ConnectionConfig.upTo(config.maxConnections()));
  }

  Host host() {
    return host;
  }

  /** Where peers reach this node, without {@code /p2p}; never blocks. */
  List<Multiaddr> addresses() {
    // Interfaces come and go: what is told now is at most one question old.
    identify.addresses().thenAccept(current -> addresses = current);
    return addresses;
  }

  /** Listens. Fails with an {@code InfernetException} when an address cannot be had. */
  CompletableFuture<Void> start() {
    connections.start();
    identify.start();
    ping.start();
    return host.start()
        .exceptionally(
            error -> {
              Throwable cause = error instanceof CompletionException ? error.getCause() : error;
              throw cause instanceof AddressUnavailableException
                  ? new InfernetException(cause.getMessage(), cause)
                  : new CompletionException(cause);
            })
        .thenCompose(started -> identify.addresses())
        .thenAccept(current -> addresses = current);
  }

  /** Dials the first peers; done, never failed, when each was tried once. */
  CompletableFuture<Void> findPeers() {
    return bootstrap.start();
  }

  @Override
  public void close() {
    bootstrap.close();
    connections.close();
    ping.close();
    identify.close();
    host.close();
    identifyThread.close();
    resolver.close();
  }
}
