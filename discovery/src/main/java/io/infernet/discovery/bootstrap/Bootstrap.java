package io.infernet.discovery.bootstrap;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.ConnectionListener;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a connection to each bootstrap peer: dials them at the start, tries again with growing
 * pauses when one cannot be reached, and dials anew when a connection ends. A person is told once
 * when a peer cannot be reached, and again when it can. Safe from any thread; its owner starts and
 * closes it.
 */
public final class Bootstrap implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Bootstrap.class);

  private static final String TAG = "bootstrap";

  private final Host host;
  private final BootstrapConfig config;
  private final Scheduler scheduler;
  private final RandomGenerator random;

  // Guarded by this.
  private final Map<PeerId, Link> links = new LinkedHashMap<>();
  private boolean running;

  /** How it stands with one peer. */
  private static final class Link {
    final PeerInfo peer;
    final CompletableFuture<Void> firstTry = new CompletableFuture<>();
    Duration pause;
    boolean dialling;
    boolean told;
    Scheduler.Cancellable timer = () -> {};

    Link(PeerInfo peer, Duration pause) {
      this.peer = peer;
      this.pause = pause;
    }
  }

  /**
   * @param random spreads the tries of many nodes
   */
  public Bootstrap(Host host, BootstrapConfig config, Scheduler scheduler, RandomGenerator random) {
    this.host = requireNonNull(host, "host is null");
    this.config = requireNonNull(config, "config is null");
    this.scheduler = requireNonNull(scheduler, "scheduler is null");
    this.random = requireNonNull(random, "random is null");
  }

  /**
   * Begins to dial; the host must have been started.
   *
   * @return done, never failed, when each peer was tried once
   */
  public synchronized CompletableFuture<Void> start() {
    running = true;
    for (PeerInfo peer : config.peers()) {
      if (!peer.id().equals(host.peerId())) {
        links.merge(
            peer.id(),
            new Link(peer, config.firstRetry()),
            (known, more) -> new Link(join(known.peer, more.peer), config.firstRetry()));
      }
    }
    host.addConnectionListener(
        new ConnectionListener() {
          @Override
          public void onConnected(Connection connection) {}

          @Override
          public void onDisconnected(Connection connection) {
            again(connection.remotePeer());
          }
        });
    links.values().forEach(this::dial);
    return CompletableFuture.allOf(
        links.values().stream().map(link -> link.firstTry).toArray(CompletableFuture<?>[]::new));
  }

  private static PeerInfo join(PeerInfo one, PeerInfo other) {
    return new PeerInfo(
        one.id(),
        Stream.concat(one.addresses().stream(), other.addresses().stream()).distinct().toList());
  }

  private synchronized void again(PeerId peer) {
    Link link = links.get(peer);
    if (link != null && !link.dialling && host.connection(peer).isEmpty()) {
      dialLater(link);
    }
  }

  private synchronized void dial(Link link) {
    if (!running || link.dialling) {
      return;
    }
    link.timer.cancel();
    link.dialling = true;
    host.protect(link.peer.id(), TAG);
    host.connect(link.peer)
        .whenComplete(
            (connection, error) -> {
              dialled(link, error);
              link.firstTry.complete(null);
            });
  }

  private synchronized void dialled(Link link, Throwable error) {
    link.dialling = false;
    if (!running) {
      return;
    }
    if (error == null) {
      link.pause = config.firstRetry();
      if (link.told) {
        link.told = false;
        LOG.warn("bootstrap peer {} is reachable again", link.peer.id());
      }
      // The connection may have ended before the listener could know whose it was.
      again(link.peer.id());
      return;
    }
    if (!link.told) {
      link.told = true;
      LOG.warn(
          "{}; check that this bootstrap peer runs, and its address; trying on", reason(error));
    }
    dialLater(link);
  }

  private void dialLater(Link link) {
    if (!running) {
      return;
    }
    link.timer.cancel();
    double jitter = 0.8 + 0.4 * random.nextDouble();
    Duration pause = Duration.ofNanos((long) (link.pause.toNanos() * jitter));
    link.timer = scheduler.schedule(pause, () -> dial(link));
    Duration doubled = link.pause.multipliedBy(2);
    link.pause = doubled.compareTo(config.maxRetry()) < 0 ? doubled : config.maxRetry();
  }

  private static String reason(Throwable error) {
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    return String.valueOf(cause.getMessage());
  }

  /** Dials no more; connections stay as they are. */
  @Override
  public synchronized void close() {
    running = false;
    links.values().forEach(link -> link.timer.cancel());
    links.keySet().forEach(peer -> host.unprotect(peer, TAG));
    links.clear();
  }
}
