package io.infernet.libp2p.host;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.muxer.ByteBudget;
import io.infernet.libp2p.muxer.yamux.YamuxSession;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.security.noise.AeadFactory;
import io.infernet.libp2p.security.noise.NoiseSecurity;
import io.infernet.libp2p.transport.Transport;
import io.infernet.libp2p.transport.tcp.AddressResolver;
import io.infernet.libp2p.transport.tcp.TcpTransport;
import io.netty.channel.Channel;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link Host} on real sockets: TCP, Noise and yamux, carried by Netty's event loops.
 *
 * <p>Implementation notes. When both sides dial each other at once there are two connections, and
 * both are kept; {@link ConnectionManager} says which one new streams go to and when the other may
 * be closed.
 */
public final class NettyHost implements Host {

  private static final Logger LOG = LoggerFactory.getLogger(NettyHost.class);

  /** How often a stream is opened anew because its connection ended under it. */
  private static final int STREAM_ATTEMPTS = 3;

  private final HostConfig config;
  private final PeerId peerId;
  private final Scheduler scheduler;
  private final Ticker ticker;
  private final PeerStore peers;
  private final Transport transport;
  private final ProtocolTable protocols;
  private final ConnectionManager manager;
  private final ConnectionUpgrader upgrader;
  private final Dialer dialer;
  private final List<ConnectionListener> listeners = new CopyOnWriteArrayList<>();
  private volatile List<Multiaddr> listenAddresses = List.of();
  private volatile Scheduler.Cancellable check = () -> {};
  private volatile boolean closed;

  /**
   * @param identity whom this host proves to be
   * @param scheduler timeouts and periodic work; lives longer than the host
   * @param resolver looks up names in addresses
   * @param aeads the ciphers of the Noise channel
   * @param random makes keys
   */
  public NettyHost(
      PrivateKey identity,
      HostConfig config,
      Scheduler scheduler,
      Ticker ticker,
      AddressResolver resolver,
      AeadFactory aeads,
      SecureRandom random) {
    this(
        identity,
        config,
        scheduler,
        ticker,
        new TcpTransport(config.tcp(), config.eventLoops(), resolver),
        aeads,
        random);
  }

  /** A host on another transport, which it closes. */
  public NettyHost(
      PrivateKey identity,
      HostConfig config,
      Scheduler scheduler,
      Ticker ticker,
      Transport transport,
      AeadFactory aeads,
      SecureRandom random) {
    this.config = config;
    this.peerId = PeerId.of(identity.publicKey());
    this.scheduler = scheduler;
    this.ticker = ticker;
    this.peers = new MemoryPeerStore(config.maxPeers(), config.maxAddressesPerPeer());
    this.transport = transport;
    this.protocols = new ProtocolTable(config.streams().maxInbound());
    this.manager = new ConnectionManager(peerId, config.connections());
    List<ProtocolId> earlyMuxers = config.earlyMuxer() ? List.of(YamuxSession.PROTOCOL) : List.of();
    this.upgrader =
        new ConnectionUpgrader(
            config,
            new NoiseSecurity(identity, earlyMuxers, config.noise(), aeads, random),
            new MuxedConnection.Environment(
                protocols,
                new ByteBudget(config.streams().maxBufferedBytes()),
                peers,
                config.streams(),
                config.multistream(),
                scheduler,
                ticker),
            transport);
    this.dialer =
        new Dialer(config.dial(), new Attempts(), transport.executor(), scheduler, ticker);
  }

  @Override
  public PeerId peerId() {
    return peerId;
  }

  @Override
  public CompletableFuture<Void> start() {
    checkLater();
    return transport
        .listen(config.listen(), this::accept)
        .thenAccept(
            bound -> {
              listenAddresses = bound;
              LOG.debug("{} listens on {}", peerId, bound);
            });
  }

  @Override
  public List<Multiaddr> listenAddresses() {
    return listenAddresses;
  }

  @Override
  public void handle(ProtocolId protocol, StreamHandler handler) {
    protocols.put(protocol, handler);
  }

  @Override
  public void unhandle(ProtocolId protocol) {
    protocols.remove(protocol);
  }

  @Override
  public List<ProtocolId> protocols() {
    return protocols.protocols();
  }

  @Override
  public CompletableFuture<Connection> connect(PeerInfo peer) {
    peers.addAddresses(peer.id(), peer.addresses());
    return connect(peer.id()).thenApply(connection -> connection);
  }

  private CompletableFuture<ManagedConnection> connect(PeerId peer) {
    if (peer.equals(peerId)) {
      return CompletableFuture.failedFuture(
          new PeerUnavailableException("cannot reach " + peer + ": that is this node itself"));
    }
    Optional<ManagedConnection> present = manager.preferred(peer);
    return present.isPresent()
        ? CompletableFuture.completedFuture(present.get())
        : dialer.dial(peer, dialable(peer));
  }

  private List<Multiaddr> dialable(PeerId peer) {
    return dialable(peer, peers.addresses(peer));
  }

  private List<Multiaddr> dialable(PeerId peer, List<Multiaddr> addresses) {
    return addresses.stream()
        .filter(address -> address.peerId().map(peer::equals).orElse(true))
        .map(Multiaddr::withoutPeer)
        .filter(transport::canDial)
        .filter(address -> !listenAddresses.contains(address))
        .toList();
  }

  @Override
  public CompletableFuture<Stream> newStream(PeerId peer, List<ProtocolId> wanted) {
    return newStream(peer, List.copyOf(wanted), STREAM_ATTEMPTS);
  }

  private CompletableFuture<Stream> newStream(PeerId peer, List<ProtocolId> wanted, int attempts) {
    return connect(peer)
        .thenCompose(connection -> connection.newStream(wanted))
        .exceptionallyCompose(
            error -> {
              boolean again = cause(error) instanceof ConnectionEndedException && attempts > 1;
              return again
                  ? newStream(peer, wanted, attempts - 1)
                  : CompletableFuture.failedFuture(cause(error));
            });
  }

  @Override
  public CompletableFuture<Void> disconnect(PeerId peer) {
    return CompletableFuture.allOf(
        manager.connections(peer).stream()
            .map(ManagedConnection::close)
            .toArray(CompletableFuture<?>[]::new));
  }

  @Override
  public List<Connection> connections() {
    return List.copyOf(manager.connections());
  }

  @Override
  public Optional<Connection> connection(PeerId peer) {
    return manager.preferred(peer).map(connection -> connection);
  }

  @Override
  public PeerStore peers() {
    return peers;
  }

  @Override
  public void addConnectionListener(ConnectionListener listener) {
    listeners.add(listener);
  }

  @Override
  public void protect(PeerId peer, String tag) {
    manager.protect(peer, tag);
  }

  @Override
  public void unprotect(PeerId peer, String tag) {
    manager.unprotect(peer, tag);
  }

  @Override
  public boolean isProtected(PeerId peer) {
    return manager.isProtected(peer);
  }

  @Override
  public void tag(PeerId peer, String tag, int usefulness) {
    manager.tag(peer, tag, usefulness);
  }

  /** Accepted connections whose handshake is not over. */
  public int halfOpenConnections() {
    return transport.halfOpen();
  }

  /** Waits for the event loops to end, so it is not to be called on one of them. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    check.cancel();
    transport.stopListening();
    dialer.close();
    CompletableFuture<?>[] closing =
        manager.connections().stream()
            .map(ManagedConnection::close)
            .toArray(CompletableFuture<?>[]::new);
    CompletableFuture.allOf(closing).join();
    transport.close();
  }

  private CompletableFuture<ManagedConnection> accept(Channel channel) {
    return upgrader
        .inbound(channel)
        .thenApply(
            connection -> {
              admit(connection);
              return connection;
            });
  }

  private CompletableFuture<ManagedConnection> dialled(Channel channel, PeerId peer) {
    return upgrader
        .outbound(channel, peer)
        .thenCompose(
            connection ->
                admit(connection)
                    ? CompletableFuture.completedFuture(connection)
                    : CompletableFuture.failedFuture(
                        new PeerUnavailableException("no room for another connection")));
  }

  /**
   * Makes a connection known; called on its event loop.
   *
   * @return false when there is no room for it and it was closed
   */
  private boolean admit(ManagedConnection connection) {
    List<ConnectionManager.Closing> closing = manager.add(connection, ticker.nanoTime());
    close(closing);
    if (closing.stream().anyMatch(c -> c.connection() == connection)) {
      return false;
    }
    dialer.onConnected(connection.remotePeer());
    LOG.debug("{} is ready", connection);
    listeners.forEach(listener -> tell(() -> listener.onConnected(connection)));
    connection
        .ended()
        .thenRun(
            () -> {
              manager.remove(connection);
              listeners.forEach(listener -> tell(() -> listener.onDisconnected(connection)));
            });
    return true;
  }

  private void tell(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      LOG.warn("a connection listener failed", e);
    }
  }

  private void checkLater() {
    check =
        scheduler.schedule(
            config.connections().checkInterval(),
            () -> {
              close(manager.check(ticker.nanoTime()));
              if (!closed) {
                checkLater();
              }
            });
  }

  private static void close(List<ConnectionManager.Closing> closing) {
    closing.forEach(one -> one.connection().close(one.reason()));
  }

  private static Throwable cause(Throwable error) {
    return error instanceof CompletionException && error.getCause() != null
        ? error.getCause()
        : error;
  }

  @Override
  public String toString() {
    return "NettyHost[" + peerId + "]";
  }

  private final class Attempts implements Dialer.Attempts {
    @Override
    public boolean isName(Multiaddr address) {
      return transport.isName(address);
    }

    @Override
    public CompletableFuture<List<Multiaddr>> resolve(PeerId peer, Multiaddr name) {
      return transport.resolve(name.withPeer(peer)).thenApply(found -> dialable(peer, found));
    }

    @Override
    public CompletableFuture<ManagedConnection> connect(PeerId peer, Multiaddr address) {
      return transport.dial(address, channel -> dialled(channel, peer));
    }
  }
}
