package io.infernet.node.assembly;

import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.ConnectionListener;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.node.storage.PeerBook;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers where peers were reached, and dials the latest of them once at the start, so that a
 * restarted node finds its network without being told again.
 */
final class KnownPeers {

  private static final Logger LOG = LoggerFactory.getLogger(KnownPeers.class);

  /** More would be a burst of connections; these tell of the others. */
  private static final int DIALLED = 8;

  private final Host host;
  private final PeerBook book;
  private final Executor storage;
  private final Clock clock;

  /**
   * @param storage where the book may wait for the disk
   */
  KnownPeers(Host host, PeerBook book, Executor storage, Clock clock) {
    this.host = host;
    this.book = book;
    this.storage = storage;
    this.clock = clock;
  }

  /** Dials and begins to remember; done, never failed, when each was tried. */
  CompletableFuture<Void> start() {
    List<PeerInfo> known = book.newest(DIALLED);
    host.addConnectionListener(
        new ConnectionListener() {
          @Override
          public void onConnected(Connection connection) {
            if (connection.isInitiator()) {
              remember(connection);
            }
          }

          @Override
          public void onDisconnected(Connection connection) {}
        });
    return CompletableFuture.allOf(
        known.stream()
            .filter(peer -> !peer.id().equals(host.peerId()))
            .map(peer -> host.connect(peer).handle((connection, error) -> null))
            .toArray(CompletableFuture<?>[]::new));
  }

  private void remember(Connection connection) {
    PeerInfo peer = new PeerInfo(connection.remotePeer(), List.of(connection.remoteAddress()));
    try {
      storage.execute(() -> book.put(peer, clock.instant()));
    } catch (RejectedExecutionException e) {
      LOG.debug("{} is not remembered: the store is busy or closed", peer.id());
    }
  }
}
