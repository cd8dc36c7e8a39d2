package io.infernet.discovery.bootstrap;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.KeepConnected;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.transport.tcp.DnsaddrResolver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way into the network: keeps connections to some of the peers that the settings name, chosen
 * by chance so that all are burdened alike, and takes others where one cannot be reached. Once
 * enough other peers are connected most of them are left to whoever needs them. A person is told
 * once when a peer that was named cannot be reached, and again when it can. Safe from any thread;
 * its owner starts and closes it.
 */
public final class Bootstrap implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Bootstrap.class);

  private final Host host;
  private final BootstrapConfig config;
  private final DnsaddrResolver lists;
  private final KeepConnected connections;
  private final Scheduler scheduler;
  private final RandomGenerator random;

  // Guarded by this.
  /** All peers known here, in the order in which they are tried. */
  private final Map<PeerId, Candidate> peers = new LinkedHashMap<>();

  private final Set<PeerId> kept = new LinkedHashSet<>();

  /** Lists that DNS is being asked for, or will be again. */
  private final Set<Multiaddr> looking = new LinkedHashSet<>();

  private boolean othersKnown;
  private boolean toldOfAll;
  private boolean running;
  private Scheduler.Cancellable check = () -> {};

  private static final class Candidate {
    PeerInfo info;
    final boolean named;
    boolean failed;
    boolean told;

    Candidate(PeerInfo info, boolean named) {
      this.info = info;
      this.named = named;
    }
  }

  /**
   * @param lists finds the peers that DNS lists
   * @param connections is started before and closed after
   * @param random chooses
   */
  public Bootstrap(
      Host host,
      BootstrapConfig config,
      DnsaddrResolver lists,
      KeepConnected connections,
      Scheduler scheduler,
      RandomGenerator random) {
    this.host = requireNonNull(host, "host is null");
    this.config = requireNonNull(config, "config is null");
    this.lists = requireNonNull(lists, "lists is null");
    this.connections = requireNonNull(connections, "connections is null");
    this.scheduler = requireNonNull(scheduler, "scheduler is null");
    this.random = requireNonNull(random, "random is null");
  }

  /**
   * Begins to dial; the host must have been started.
   *
   * @return done, never failed, when each peer chosen was tried once
   */
  public CompletableFuture<Void> start() {
    List<PeerInfo> named = new ArrayList<>();
    List<CompletableFuture<Void>> tries = new ArrayList<>();
    synchronized (this) {
      running = true;
      checkLater();
    }
    for (Multiaddr address : config.addresses()) {
      if (address.peerId().isPresent()) {
        named.add(PeerInfo.of(address));
      } else {
        tries.add(look(address, config.firstRetry()));
      }
    }
    tries.add(add(named, true));
    return all(tries);
  }

  /** Asks DNS for a list, and again when it does not answer. */
  private CompletableFuture<Void> look(Multiaddr list, Duration pause) {
    synchronized (this) {
      looking.add(list);
    }
    return lists
        .resolve(list)
        .handle(
            (found, error) -> {
              if (error != null) {
                lookLater(list, pause, error);
                return List.<PeerInfo>of();
              }
              synchronized (this) {
                looking.remove(list);
              }
              return found.stream()
                  .filter(address -> address.peerId().isPresent())
                  .map(PeerInfo::of)
                  .toList();
            })
        .thenCompose(found -> add(found, false));
  }

  private synchronized void lookLater(Multiaddr list, Duration pause, Throwable error) {
    if (!running) {
      return;
    }
    Throwable cause = error.getCause() == null ? error : error.getCause();
    if (pause.equals(config.firstRetry())) {
      LOG.warn("{}; check this bootstrap address; trying on", cause.getMessage());
    }
    Duration doubled = pause.multipliedBy(2);
    Duration next = doubled.compareTo(config.maxRetry()) < 0 ? doubled : config.maxRetry();
    scheduler.schedule(
        pause,
        () -> {
          if (isRunning()) {
            look(list, next);
          }
        });
  }

  private synchronized boolean isRunning() {
    return running;
  }

  private CompletableFuture<Void> add(List<PeerInfo> found, boolean named) {
    synchronized (this) {
      for (PeerInfo peer : shuffled(found)) {
        Candidate known = peers.get(peer.id());
        if (known != null) {
          known.info = join(known.info, peer);
        } else if (!peer.id().equals(host.peerId()) && peers.size() < BootstrapConfig.MAX_PEERS) {
          peers.put(peer.id(), new Candidate(peer, named));
        }
      }
    }
    return choose();
  }

  private static PeerInfo join(PeerInfo one, PeerInfo other) {
    return new PeerInfo(
        one.id(),
        Stream.concat(other.addresses().stream(), one.addresses().stream())
            .distinct()
            .limit(BootstrapConfig.MAX_ADDRESSES_PER_PEER)
            .toList());
  }

  private List<PeerInfo> shuffled(List<PeerInfo> ordered) {
    List<PeerInfo> shuffled = new ArrayList<>(ordered);
    for (int i = shuffled.size() - 1; i > 0; i--) {
      Collections.swap(shuffled, i, random.nextInt(i + 1));
    }
    return shuffled;
  }

  /** Keeps connections to as many as there should be. */
  private CompletableFuture<Void> choose() {
    List<PeerInfo> chosen = new ArrayList<>();
    synchronized (this) {
      int wanted = othersKnown ? config.keptLater() : config.kept();
      for (Candidate candidate : peers.values()) {
        if (running && kept.size() < wanted && !candidate.failed && kept.add(candidate.info.id())) {
          chosen.add(candidate.info);
        }
      }
    }
    return all(chosen.stream().map(peer -> connections.keep(peer, this::onTried)).toList());
  }

  private void onTried(PeerInfo peer, @Nullable Throwable error) {
    synchronized (this) {
      Candidate candidate = peers.get(peer.id());
      if (candidate == null || !running) {
        return;
      }
      candidate.failed = error != null;
      if (error == null) {
        toldOfAll = false;
        if (candidate.told) {
          candidate.told = false;
          LOG.warn("bootstrap peer {} is reachable again", peer.id());
        }
        return;
      }
      tell(candidate, error);
      boolean spare =
          peers.values().stream().anyMatch(c -> !c.failed && !kept.contains(c.info.id()));
      if (!spare) {
        return; // the connection's keeper tries on
      }
      kept.remove(peer.id());
    }
    connections.release(peer.id());
    choose();
  }

  private void tell(Candidate candidate, Throwable error) {
    if (candidate.named && !candidate.told) {
      candidate.told = true;
      LOG.warn(
          "{}; check that this bootstrap peer runs, and its address; trying on",
          error.getMessage());
    } else if (!toldOfAll
        && peers.values().stream().allMatch(other -> other.failed)
        && peers.values().stream().noneMatch(other -> other.named)) {
      toldOfAll = true;
      LOG.warn(
          "none of the {} bootstrap peers that DNS lists can be reached, the last because {};"
              + " check this machine's connection; trying on",
          peers.size(),
          error.getMessage());
    }
  }

  private void checkLater() {
    check = scheduler.schedule(config.checkInterval(), this::check);
  }

  /** Looks whether there are enough other peers, and lets spare ones have another chance. */
  private void check() {
    List<PeerId> released = new ArrayList<>();
    List<Multiaddr> stale = new ArrayList<>();
    synchronized (this) {
      if (!running) {
        return;
      }
      checkLater();
      Set<PeerId> connected = new LinkedHashSet<>();
      host.connections().forEach(connection -> connected.add(connection.remotePeer()));
      long others = connected.stream().filter(peer -> !peers.containsKey(peer)).count();
      othersKnown = others >= (othersKnown ? (config.enough() + 1) / 2 : config.enough());
      for (Multiaddr address : config.addresses()) {
        if (connected.isEmpty() && address.peerId().isEmpty() && !looking.contains(address)) {
          stale.add(address); // its peers may have moved
        }
      }
      for (Candidate candidate : peers.values()) {
        PeerId peer = candidate.info.id();
        if (kept.contains(peer) && othersKnown && kept.size() > config.keptLater()) {
          kept.remove(peer);
          released.add(peer);
        }
        if (!kept.contains(peer)) {
          candidate.failed = false;
        }
      }
    }
    released.forEach(connections::release);
    stale.forEach(list -> look(list, config.maxRetry()));
    choose();
  }

  private static CompletableFuture<Void> all(List<CompletableFuture<Void>> futures) {
    return CompletableFuture.allOf(futures.toArray(CompletableFuture<?>[]::new));
  }

  /** Dials no more; connections stay as they are. */
  @Override
  public synchronized void close() {
    running = false;
    check.cancel();
  }
}
