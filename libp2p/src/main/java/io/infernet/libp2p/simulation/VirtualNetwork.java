package io.infernet.libp2p.simulation;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Hosts in one JVM without sockets: what they send arrives as copies, in order, after the link
 * model's latency, through one queue of events. Everything runs in the thread that advances the
 * time, so a test with a seed repeats exactly.
 */
public final class VirtualNetwork {

  private final VirtualTime time;
  private final LinkModel links;
  private final Map<PeerId, VirtualHost> hosts = new LinkedHashMap<>();
  private final Set<PeerId> stalled = new HashSet<>();
  private final List<Held> held = new ArrayList<>();
  private int hostsMade;

  private record Held(PeerId from, PeerId to, Runnable arrival) {}

  public VirtualNetwork(VirtualTime time, LinkModel links) {
    this.time = time;
    this.links = links;
  }

  /** A host that joins when it is started, at an address of its own. */
  public VirtualHost newHost(PublicKey key) {
    int n = hostsMade++;
    Multiaddr address =
        Multiaddr.parse(
            "/ip4/10." + (n >> 16) + "." + (n >> 8 & 255) + "." + (n & 255) + "/tcp/4001");
    return new VirtualHost(this, key, address);
  }

  /**
   * Ends a host as if its process was killed: it sends nothing more, and its peers see their
   * connections break.
   */
  public void kill(PeerId peer) {
    VirtualHost host = hosts.remove(peer);
    if (host != null) {
      host.die();
    }
  }

  /** Freezes a host: what it sends and what is sent to it waits until {@link #resume}. */
  public void stall(PeerId peer) {
    stalled.add(peer);
  }

  /** Lets a stalled host go on; what waited arrives now, in order. */
  public void resume(PeerId peer) {
    stalled.remove(peer);
    List<Held> waiting = List.copyOf(held);
    held.clear();
    waiting.forEach(message -> arrive(message.from(), message.to(), message.arrival()));
  }

  /** Breaks all connections between two hosts; they can connect again. */
  public void disconnect(PeerId one, PeerId other) {
    VirtualHost host = hosts.get(one);
    if (host != null) {
      host.breakConnections(other);
    }
  }

  void join(VirtualHost host) {
    if (hosts.putIfAbsent(host.peerId(), host) != null) {
      throw new IllegalStateException(host.peerId() + " is in the network already");
    }
  }

  void leave(VirtualHost host) {
    hosts.remove(host.peerId(), host);
  }

  Optional<VirtualHost> at(Multiaddr address) {
    return hosts.values().stream().filter(h -> h.listenAddresses().contains(address)).findFirst();
  }

  /** One direction of a connection: keeps its messages in order. */
  final class Wire {
    private final PeerId from;
    private final PeerId to;
    private long lastArrival = Long.MIN_VALUE;

    Wire(PeerId from, PeerId to) {
      this.from = from;
      this.to = to;
    }

    void send(Runnable arrival) {
      long now = time.nanoTime();
      long at = Math.max(now + links.latency(from, to).toNanos(), lastArrival);
      lastArrival = at;
      time.schedule(Duration.ofNanos(at - now), () -> arrive(from, to, arrival));
    }
  }

  private void arrive(PeerId from, PeerId to, Runnable arrival) {
    if (stalled.contains(from) || stalled.contains(to)) {
      held.add(new Held(from, to, arrival));
    } else {
      arrival.run();
    }
  }
}
