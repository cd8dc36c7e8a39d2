package io.infernet.libp2p.host;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Dials peers again whose connection ended, with growing pauses: those that it was told to {@link
 * #keep} for good, and for a while those that were {@linkplain Host#protect protected} at that
 * moment. Safe from any thread; its owner starts and closes it.
 *
 * <p>To see who is protected it is to be started before the services that protect: they take that
 * back when they hear of the end.
 */
public final class KeepConnected implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(KeepConnected.class);

  private static final String TAG = "keep-connected";

  private final Host host;
  private final ReconnectConfig config;
  private final Scheduler scheduler;
  private final RandomGenerator random;

  // Guarded by this.
  private final Map<PeerId, Link> links = new LinkedHashMap<>();
  private boolean running;

  /** Hears how each try ended. */
  @FunctionalInterface
  public interface Watcher {

    /**
     * A try has ended.
     *
     * @param error why there is no connection; null when there is one
     */
    void onTried(PeerInfo peer, @Nullable Throwable error);
  }

  /** How it stands with one peer. */
  private static final class Link {
    final PeerInfo peer;
    final Watcher watcher;
    final CompletableFuture<Void> firstTry = new CompletableFuture<>();
    final boolean forGood;
    Duration pause;
    int tries;
    boolean dialling;
    Scheduler.Cancellable timer = () -> {};

    Link(PeerInfo peer, Watcher watcher, boolean forGood, Duration pause) {
      this.peer = peer;
      this.watcher = watcher;
      this.forGood = forGood;
      this.pause = pause;
    }
  }

  /**
   * @param random spreads the tries of many nodes
   */
  public KeepConnected(
      Host host, ReconnectConfig config, Scheduler scheduler, RandomGenerator random) {
    this.host = requireNonNull(host, "host is null");
    this.config = requireNonNull(config, "config is null");
    this.scheduler = requireNonNull(scheduler, "scheduler is null");
    this.random = requireNonNull(random, "random is null");
  }

  /** Begins to watch connections. */
  public synchronized void start() {
    running = true;
    host.addConnectionListener(
        new ConnectionListener() {
          @Override
          public void onConnected(Connection connection) {}

          @Override
          public void onDisconnected(Connection connection) {
            lost(connection);
          }
        });
  }

  /**
   * Connects to {@code peer}, protects the connection, and dials anew whenever there is none.
   *
   * @return done, never failed, when the peer was tried once; at once when it is this node itself
   */
  public synchronized CompletableFuture<Void> keep(PeerInfo peer, Watcher watcher) {
    if (peer.id().equals(host.peerId())) {
      return CompletableFuture.completedFuture(null);
    }
    Link before = links.get(peer.id());
    if (before != null) {
      before.timer.cancel();
    } else if (!running || links.size() >= config.maxPeers()) {
      LOG.debug("{} is not kept: closed, or too many are", peer.id());
      return CompletableFuture.completedFuture(null);
    }
    Link link = new Link(peer, watcher, true, config.firstPause());
    links.put(peer.id(), link);
    host.protect(peer.id(), TAG);
    dial(link);
    return link.firstTry.copy();
  }

  /** No longer keeps {@code peer}, whose connection stays while it is useful. */
  public synchronized void release(PeerId peer) {
    Link link = links.get(peer);
    if (link != null && link.forGood) {
      links.remove(peer);
      link.timer.cancel();
      link.firstTry.complete(null);
      host.unprotect(peer, TAG);
    }
  }

  private synchronized void lost(Connection connection) {
    PeerId peer = connection.remotePeer();
    if (!running || host.connection(peer).isPresent()) {
      return;
    }
    Link link = links.get(peer);
    if (link == null && host.isProtected(peer) && links.size() < config.maxPeers()) {
      PeerInfo known = new PeerInfo(peer, host.peers().addresses(peer));
      link = new Link(known, (p, error) -> {}, false, config.firstPause());
      links.put(peer, link);
    }
    if (link != null && !link.dialling) {
      dialLater(link);
    }
  }

  private synchronized void dial(Link link) {
    if (!running || link.dialling || links.get(link.peer.id()) != link) {
      return;
    }
    link.timer.cancel();
    link.dialling = true;
    link.tries++;
    host.connect(link.peer).whenComplete((connection, error) -> dialled(link, error));
  }

  private void dialled(Link link, @Nullable Throwable error) {
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    boolean counts;
    synchronized (this) {
      link.dialling = false;
      counts = running && links.get(link.peer.id()) == link;
      if (counts) {
        goOn(link, cause);
      }
    }
    if (counts) {
      link.watcher.onTried(link.peer, cause);
    }
    link.firstTry.complete(null);
  }

  private void goOn(Link link, @Nullable Throwable error) {
    if (error != null) {
      if (link.forGood || link.tries < config.maxTries()) {
        dialLater(link);
      } else {
        LOG.debug("{} is given up after {} tries", link.peer.id(), link.tries);
        links.remove(link.peer.id());
      }
      return;
    }
    link.pause = config.firstPause();
    if (!link.forGood) {
      links.remove(link.peer.id());
    } else if (host.connection(link.peer.id()).isEmpty()) {
      dialLater(link); // it ended before the listener could know whose it was
    }
  }

  private void dialLater(Link link) {
    link.timer.cancel();
    double jitter = 0.8 + 0.4 * random.nextDouble();
    Duration pause = Duration.ofNanos((long) (link.pause.toNanos() * jitter));
    link.timer = scheduler.schedule(pause, () -> dial(link));
    Duration doubled = link.pause.multipliedBy(2);
    link.pause = doubled.compareTo(config.maxPause()) < 0 ? doubled : config.maxPause();
  }

  /** Dials no more; connections stay as they are. */
  @Override
  public synchronized void close() {
    running = false;
    for (Link link : links.values()) {
      link.timer.cancel();
      link.firstTry.complete(null);
      if (link.forGood) {
        host.unprotect(link.peer.id(), TAG);
      }
    }
    links.clear();
  }
}
