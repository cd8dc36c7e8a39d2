package io.infernet.discovery.bootstrap;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.host.KeepConnected;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a connection to each bootstrap peer. A person is told once when a peer cannot be reached,
 * and again when it can. Safe from any thread; its owner starts it.
 */
public final class Bootstrap {

  private static final Logger LOG = LoggerFactory.getLogger(Bootstrap.class);

  private final BootstrapConfig config;
  private final KeepConnected connections;

  /** Peers that a person was told of; guarded by itself. */
  private final Set<PeerId> unreachable = new LinkedHashSet<>();

  /**
   * @param connections is started before and closed after
   */
  public Bootstrap(BootstrapConfig config, KeepConnected connections) {
    this.config = requireNonNull(config, "config is null");
    this.connections = requireNonNull(connections, "connections is null");
  }

  /**
   * Begins to dial; the host must have been started.
   *
   * @return done, never failed, when each peer was tried once
   */
  public CompletableFuture<Void> start() {
    Map<PeerId, PeerInfo> peers = new LinkedHashMap<>();
    config.peers().forEach(peer -> peers.merge(peer.id(), peer, Bootstrap::join));
    List<CompletableFuture<Void>> tries =
        peers.values().stream().map(peer -> connections.keep(peer, this::onTried)).toList();
    return CompletableFuture.allOf(tries.toArray(CompletableFuture<?>[]::new));
  }

  private static PeerInfo join(PeerInfo one, PeerInfo other) {
    return new PeerInfo(
        one.id(),
        Stream.concat(one.addresses().stream(), other.addresses().stream()).distinct().toList());
  }

  private void onTried(PeerInfo peer, @Nullable Throwable error) {
    synchronized (unreachable) {
      if (error == null) {
        if (unreachable.remove(peer.id())) {
          LOG.warn("bootstrap peer {} is reachable again", peer.id());
        }
      } else if (unreachable.add(peer.id())) {
        LOG.warn(
            "{}; check that this bootstrap peer runs, and its address; trying on",
            error.getMessage());
      }
    }
  }
}
