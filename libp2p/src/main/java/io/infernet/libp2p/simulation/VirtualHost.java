package io.infernet.libp2p.simulation;

import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.ConnectionListener;
import io.infernet.libp2p.host.Host;
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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Host} of a {@link VirtualNetwork}. Used only by the thread that advances the network's
 * time. A dial takes one round trip, opening a stream another.
 */
public final class VirtualHost implements Host {

  private final VirtualNetwork network;
  private final PublicKey key;
  private final PeerId peerId;
  private final Multiaddr address;
  private final PeerStore peers = new MemoryPeerStore(10_000, 16);
  private final Map<ProtocolId, StreamHandler> handlers = new TreeMap<>();
  private final Map<PeerId, List<VirtualConnection>> connections = new LinkedHashMap<>();
  private final Map<PeerId, CompletableFuture<Connection>> dials = new LinkedHashMap<>();
  private final List<ConnectionListener> listeners = new ArrayList<>();
  private final Map<PeerId, Set<String>> protections = new LinkedHashMap<>();
  private final Map<PeerId, Map<String, Integer>> tags = new LinkedHashMap<>();
  private boolean running;

  VirtualHost(VirtualNetwork network, PublicKey key, Multiaddr address) {
    this.network = network;
    this.key = key;
    this.peerId = PeerId.of(key);
    this.address = address;
  }

  /** What another host needs to dial this one. */
  public PeerInfo info() {
    return new PeerInfo(peerId, List.of(address));
  }

  /** The tags that protect connections to {@code peer}. */
  public Set<String> protections(PeerId peer) {
    return protections.getOrDefault(peer, Set.of());
  }

  /** How useful connections to {@code peer} are, by tag; nothing is trimmed here. */
  public Map<String, Integer> tags(PeerId peer) {
    return tags.getOrDefault(peer, Map.of());
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
    return running ? List.of(address) : List.of();
  }

  @Override
  public void handle(ProtocolId protocol, StreamHandler handler) {
    handlers.put(protocol, handler);
  }

  @Override
  public void unhandle(ProtocolId protocol) {
    handlers.remove(protocol);
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
    if (peer.equals(peerId)) {
      return CompletableFuture.failedFuture(
          new PeerUnavailableException("that is this node itself"));
    }
    Optional<Connection> present = connection(peer);
    if (present.isPresent()) {
      return CompletableFuture.completedFuture(present.get());
    }
    CompletableFuture<Connection> dial = dials.get(peer);
    if (dial == null) {
      dial = new CompletableFuture<>();
      dials.put(peer, dial);
      dial.whenComplete((connection, error) -> dials.remove(peer));
      dial(peer, dial);
    }
    return dial.copy();
  }

  private void dial(PeerId peer, CompletableFuture<Connection> result) {
    List<Multiaddr> addresses = peers.addresses(peer);
    if (addresses.isEmpty()) {
      result.completeExceptionally(
          new PeerUnavailableException("no address of " + peer + " is known"));
      return;
    }
    VirtualNetwork.Wire out = network.new Wire(peerId, peer);
    VirtualNetwork.Wire back = network.new Wire(peer, peerId);
    out.send(
        () -> {
          VirtualHost remote =
              addresses.stream()
                  .flatMap(at -> network.at(at).stream())
                  .filter(host -> host.peerId.equals(peer))
                  .findFirst()
                  .orElse(null);
          if (!running || remote == null) {
            back.send(
                () ->
                    result.completeExceptionally(
                        new PeerUnavailableException("no address of " + peer + " answers")));
            return;
          }
          VirtualConnection near = new VirtualConnection(this, remote, out, true);
          VirtualConnection far = new VirtualConnection(remote, this, back, false);
          near.join(far);
          remote.add(far);
          back.send(
              () -> {
                if (running && !near.hasEnded()) {
                  add(near);
                  result.complete(near);
                } else {
                  result.completeExceptionally(
                      new PeerUnavailableException("the connection to " + peer + " broke"));
                }
              });
        });
  }

  @Override
  public CompletableFuture<Stream> newStream(PeerId peer, List<ProtocolId> protocols) {
    return connect(peer).thenCompose(connection -> connection.newStream(protocols));
  }

  @Override
  public CompletableFuture<Void> disconnect(PeerId peer) {
    List.copyOf(connections.getOrDefault(peer, List.of())).forEach(VirtualConnection::close);
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public List<Connection> connections() {
    List<Connection> all = new ArrayList<>();
    connections.values().forEach(all::addAll);
    return all;
  }

  @Override
  public Optional<Connection> connection(PeerId peer) {
    return connections.getOrDefault(peer, List.of()).stream()
        .map(connection -> (Connection) connection)
        .findFirst();
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
    protections.computeIfAbsent(peer, p -> new LinkedHashSet<>()).add(tag);
  }

  @Override
  public void unprotect(PeerId peer, String tag) {
    protections.computeIfPresent(
        peer, (p, holders) -> holders.remove(tag) && holders.isEmpty() ? null : holders);
  }

  @Override
  public boolean isProtected(PeerId peer) {
    return protections.containsKey(peer);
  }

  @Override
  public void tag(PeerId peer, String tag, int usefulness) {
    Map<String, Integer> values = tags.computeIfAbsent(peer, p -> new LinkedHashMap<>());
    if (usefulness == 0) {
      values.remove(tag);
    } else {
      values.put(tag, usefulness);
    }
    if (values.isEmpty()) {
      tags.remove(peer);
    }
  }

  /** Leaves the network after closing every connection. */
  @Override
  public void close() {
    List.copyOf(connections.keySet()).forEach(this::disconnect);
    running = false;
    network.leave(this);
  }

  /** Ends without a word to this host's services; the peers see broken connections. */
  void die() {
    running = false;
    handlers.clear();
    listeners.clear();
    connections().forEach(connection -> ((VirtualConnection) connection).fail("the peer died"));
    connections.clear();
  }

  void breakConnections(PeerId peer) {
    List.copyOf(connections.getOrDefault(peer, List.of()))
        .forEach(connection -> connection.fail("the connection broke"));
  }

  PublicKey key() {
    return key;
  }

  Multiaddr address() {
    return address;
  }

  @Nullable StreamHandler handler(ProtocolId protocol) {
    return handlers.get(protocol);
  }

  private void add(VirtualConnection connection) {
    connections.computeIfAbsent(connection.remotePeer(), p -> new ArrayList<>()).add(connection);
    List.copyOf(listeners).forEach(listener -> listener.onConnected(connection));
  }

  void remove(VirtualConnection connection) {
    List<VirtualConnection> all = connections.get(connection.remotePeer());
    if (all != null && all.remove(connection)) {
      if (all.isEmpty()) {
        connections.remove(connection.remotePeer());
      }
      List.copyOf(listeners).forEach(listener -> listener.onDisconnected(connection));
    }
  }

  @Override
  public String toString() {
    return "VirtualHost[" + peerId + "]";
  }
}
