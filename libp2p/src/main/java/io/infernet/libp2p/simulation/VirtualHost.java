package io.infernet.libp2p.simulation;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.ConnectionConfig;
import io.infernet.libp2p.host.ConnectionListener;
import io.infernet.libp2p.host.ConnectionManager;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.ManagedConnection;
import io.infernet.libp2p.host.MemoryPeerStore;
import io.infernet.libp2p.host.PeerStore;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.host.StreamHandler;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.peer.PublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Host} of a {@link VirtualNetwork}. Used only by the thread that advances the network's
 * time. Connections are kept and trimmed as a real host does; a stream costs no round trip where
 * the remote is known to speak the protocol.
 */
public final class VirtualHost implements Host {

  /** About what TCP and Noise send for a connection, each way. */
  private static final int HANDSHAKE_SIZE = 400;

  private final VirtualNetwork network;
  private final PublicKey key;
  private final PeerId peerId;
  private final Multiaddr address;
  private final List<Multiaddr> addresses;
  private final PeerStore peers;
  private final ConnectionManager manager;
  private final Map<ProtocolId, StreamHandler> handlers = new TreeMap<>();
  private final Map<PeerId, CompletableFuture<Connection>> dials = new LinkedHashMap<>(4);
  private final List<ConnectionListener> listeners = new ArrayList<>(2);
  private PeerStore.PeerMetadata metadata = new PeerStore.PeerMetadata("", "", List.of());
  private VirtualNetwork.@Nullable Uplink uplink;
  private boolean running;

  /** Null while no connection can become superfluous with time. */
  private Scheduler.@Nullable Cancellable check;

  private long lastChange;

  VirtualHost(VirtualNetwork network, PublicKey key, Multiaddr address) {
    this.network = network;
    this.key = key;
    this.peerId = PeerId.of(key);
    this.address = address;
    this.addresses = List.of(address);
    this.peers =
        new MemoryPeerStore(network.config().maxPeers(), network.config().maxAddressesPerPeer());
    this.manager = new ConnectionManager(peerId, network.config().connections());
  }

  /** What another host needs to dial this one. */
  public PeerInfo info() {
    return new PeerInfo(peerId, addresses);
  }

  /** The tags that protect connections to {@code peer}. */
  public Set<String> protections(PeerId peer) {
    return manager.protections(peer);
  }

  /** How useful connections to {@code peer} are, by tag. */
  public Map<String, Integer> tags(PeerId peer) {
    return manager.tags(peer);
  }

  /** From now on this host sends no more than this on new connections. */
  public void limitUplink(long bytesPerSecond) {
    uplink = new VirtualNetwork.Uplink(bytesPerSecond);
  }

  /** Whether it was started, and not closed or killed. */
  public boolean isRunning() {
    return running;
  }

  @Override
  public PeerId peerId() {
    return peerId;
  }

  @Override
  public CompletableFuture<Void> start() {
    network.join(this);
    running = true;
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public List<Multiaddr> listenAddresses() {
    return running ? addresses : List.of();
  }

  @Override
  public void handle(ProtocolId protocol, StreamHandler handler) {
    handlers.put(protocol, handler);
    tellProtocols();
  }

  @Override
  public void unhandle(ProtocolId protocol) {
    handlers.remove(protocol);
    tellProtocols();
  }

  /** As identify's push would. */
  private void tellProtocols() {
    metadata = new PeerStore.PeerMetadata("virtual", "virtual/1", protocols());
    if (network.config().identified()) {
      for (VirtualConnection connection : allConnections()) {
        VirtualConnection far = connection.other();
        connection.send(HANDSHAKE_SIZE, 0, far::learnProtocols);
      }
    }
  }

  PeerStore.PeerMetadata metadata() {
    return metadata;
  }

  @Override
  public List<ProtocolId> protocols() {
    return List.copyOf(handlers.keySet());
  }

  @Override
  public CompletableFuture<Connection> connect(PeerInfo peer) {
    peers.addAddresses(peer.id(), peer.addresses());
    return connect(peer.id());
  }

  private CompletableFuture<Connection> connect(PeerId peer) {
    Optional<ManagedConnection> present = manager.preferred(peer);
    if (present.isPresent()) {
      return CompletableFuture.completedFuture(present.get());
    }
    CompletableFuture<Connection> dial = dials.get(peer);
    if (dial == null) {
      dial = new CompletableFuture<>();
      dial(peer, dial);
    }
    return dial.copy();
  }

  private void dial(PeerId peer, CompletableFuture<Connection> result) {
    if (peer.equals(peerId)) {
      fail(result, "cannot reach " + peer + ": that is this node itself");
      return;
    }
    List<Multiaddr> addresses = peers.addresses(peer);
    if (addresses.isEmpty()) {
      fail(result, "no address of " + peer + " is known");
      return;
    }
    if (!running) {
      fail(result, "this host does not run");
      return;
    }
    dials.put(peer, result);
    VirtualNetworkConfig config = network.config();
    Scheduler.Cancellable timer =
        network
            .time()
            .schedule(
                config.dialTimeout(), () -> fail(result, "no address of " + peer + " answers"));
    result.whenComplete(
        (connection, error) -> {
          timer.cancel();
          dials.remove(peer);
        });
    network.countDial();
    if (network.isLost(peerId, peer)) {
      return;
    }
    VirtualNetwork.Wire out = network.new Wire(peerId, peer, uplink);
    Duration handshake = network.roundTrips(peerId, peer, config.dialRoundTrips() - 1);
    out.send(HANDSHAKE_SIZE, 0, handshake, () -> answer(peer, addresses, out, result));
  }

  /** At the other end, when the handshake arrives there. */
  private void answer(
      PeerId peer,
      List<Multiaddr> addresses,
      VirtualNetwork.Wire out,
      CompletableFuture<Connection> result) {
    VirtualHost remote = network.reach(peerId, peer, addresses);
    VirtualNetwork.Wire back =
        network.new Wire(peer, peerId, remote == null ? null : remote.uplink);
    if (!running) {
      return;
    }
    if (remote == null) {
      if (network.config().refusals() || network.answers(peerId, addresses)) {
        back.send(HANDSHAKE_SIZE, 0, () -> fail(result, "no address of " + peer + " answers"));
      }
      return;
    }
    VirtualConnection near = new VirtualConnection(this, remote, out, true);
    VirtualConnection far = new VirtualConnection(remote, this, back, false);
    near.join(far);
    back.send(
        HANDSHAKE_SIZE,
        0,
        () -> {
          if (!running || result.isDone()) {
            near.close("nobody waits for the connection any more");
          } else if (!near.hasEnded() && admit(near)) {
            result.complete(near);
          } else {
            fail(result, "the connection to " + peer + " broke");
          }
        });
    remote.admit(far);
  }

  private static void fail(CompletableFuture<?> result, String reason) {
    if (!result.isDone()) {
      result.completeExceptionally(new PeerUnavailableException(reason));
    }
  }

  /** Makes a connection known, or closes it for want of room. */
  private boolean admit(VirtualConnection connection) {
    List<ConnectionManager.Closing> closing = manager.add(connection, now());
    closing.forEach(one -> one.connection().close(one.reason()));
    if (connection.hasEnded()) {
      return false;
    }
    connection.onAdmitted();
    if (network.config().identified()) {
      connection.learnProtocols();
    }
    onChange(connection);
    if (!listeners.isEmpty()) {
      List.copyOf(listeners).forEach(listener -> listener.onConnected(connection));
    }
    return !connection.hasEnded();
  }

  @Override
  public CompletableFuture<Stream> newStream(PeerId peer, List<ProtocolId> protocols) {
    Optional<ManagedConnection> present = manager.preferred(peer);
    return present.isPresent()
        ? present.get().newStream(protocols)
        : connect(peer).thenCompose(connection -> connection.newStream(protocols));
  }

  @Override
  public CompletableFuture<Void> disconnect(PeerId peer) {
    manager.connections(peer).forEach(ManagedConnection::close);
    return CompletableFuture.completedFuture(null);
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

  /** Leaves the network after closing every connection. */
  @Override
  public void close() {
    if (running) {
      manager.connections().forEach(ManagedConnection::close);
      running = false;
      network.leave(this);
    }
  }

  /** Ends without a word to this host's services; the peers see broken connections. */
  void die() {
    running = false;
    handlers.clear();
    listeners.clear();
    allConnections().forEach(connection -> connection.close("the peer died"));
  }

  /** Ends without a word to anybody. */
  void vanish() {
    running = false;
    handlers.clear();
    listeners.clear();
    for (VirtualConnection connection : allConnections()) {
      connection.other().sever();
      connection.end("this host is gone");
    }
  }

  void breakConnections(PeerId peer) {
    manager.connections(peer).forEach(connection -> connection.close("the connection broke"));
  }

  VirtualNetwork network() {
    return network;
  }

  PublicKey key() {
    return key;
  }

  Multiaddr address() {
    return address;
  }

  List<Multiaddr> addresses() {
    return addresses;
  }

  @Nullable StreamHandler handler(ProtocolId protocol) {
    return handlers.get(protocol);
  }

  List<VirtualConnection> allConnections() {
    return manager.connections().stream().map(VirtualConnection.class::cast).toList();
  }

  /**
   * @param known whether the listeners heard of it
   */
  void remove(VirtualConnection connection, boolean known) {
    manager.remove(connection);
    if (known && !listeners.isEmpty()) {
      List.copyOf(listeners).forEach(listener -> listener.onDisconnected(connection));
    }
  }

  /** A connection came, or one lost its last stream: soon one may be closed. */
  void onChange(VirtualConnection connection) {
    lastChange = now();
    if (check == null && needsCheck(connection)) {
      checkLater();
    }
  }

  private boolean needsCheck(VirtualConnection connection) {
    return manager.size() > network.config().connections().highWater()
        || manager.isRedundant(connection.remotePeer());
  }

  /** Looks as often as a real host does, but not after all that could change with time has. */
  private void checkLater() {
    ConnectionConfig config = network.config().connections();
    check =
        network
            .time()
            .schedule(
                config.checkInterval(),
                () -> {
                  check = null;
                  manager.check(now()).forEach(one -> one.connection().close(one.reason()));
                  Duration quiet = Duration.ofNanos(now() - lastChange);
                  if (running
                      && (quiet.compareTo(config.gracePeriod()) <= 0
                          || quiet.compareTo(config.redundantIdle()) <= 0)) {
                    checkLater();
                  }
                });
  }

  private long now() {
    return network.time().nanoTime();
  }

  @Override
  public String toString() {
    return "VirtualHost[" + peerId + "]";
  }
}
