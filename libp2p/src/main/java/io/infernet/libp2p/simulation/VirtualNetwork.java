package io.infernet.libp2p.simulation;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Hosts in one JVM without sockets: what they send arrives as copies, in order, after the link
 * model's latency, through one queue of events. Everything runs in the thread that advances the
 * time, so a test with a seed repeats exactly.
 */
public final class VirtualNetwork {

  private final VirtualTime time;
  private final LinkModel links;
  private final VirtualNetworkConfig config;
  private final Map<Multiaddr, VirtualHost> byAddress = new LinkedHashMap<>();
  private final Map<PeerId, VirtualHost> hosts = new LinkedHashMap<>();
  private final Set<PeerId> stalled = new HashSet<>();
  private final List<Wire.Delivery> held = new ArrayList<>();
  private Set<PeerId> island = Set.of();
  private int hostsMade;
  private int wiresMade;
  private long dials;
  private long messages;
  private long bytes;
  private long trace;

  public VirtualNetwork(VirtualTime time, LinkModel links) {
    this(time, links, VirtualNetworkConfig.defaults());
  }

  public VirtualNetwork(VirtualTime time, LinkModel links, VirtualNetworkConfig config) {
    this.time = time;
    this.links = links;
    this.config = config;
  }

  /** A host that joins when it is started, at an address of its own. */
  public VirtualHost newHost(PublicKey key) {
    int n = hostsMade++;
    return newHost(
        key,
        Multiaddr.parse(
            "/ip4/10." + (n >> 16) + "." + (n >> 8 & 255) + "." + (n & 255) + "/tcp/4001"));
  }

  /**
   * A host that joins when it is started.
   *
   * @param address where it listens; hosts can share an IP address but not a port of it
   */
  public VirtualHost newHost(PublicKey key, Multiaddr address) {
    return new VirtualHost(this, key, address);
  }

  /**
   * Ends a host as if its process was killed: it sends nothing more, and its peers see their
   * connections break.
   */
  public void kill(PeerId peer) {
    VirtualHost host = hosts.get(peer);
    if (host != null) {
      leave(host);
      host.die();
    }
  }

  /**
   * Ends a host as if its machine lost power: nobody hears of it, and its peers find out when they
   * miss its answers.
   */
  public void vanish(PeerId peer) {
    VirtualHost host = hosts.get(peer);
    if (host != null) {
      leave(host);
      host.vanish();
    }
  }

  /** Freezes a host: what it sends and what is sent to it waits until {@link #resume}. */
  public void stall(PeerId peer) {
    stalled.add(peer);
  }

  /** Lets a stalled host go on; what waited arrives now, in order. */
  public void resume(PeerId peer) {
    stalled.remove(peer);
    List<Wire.Delivery> waiting = List.copyOf(held);
    held.clear();
    waiting.forEach(Wire.Delivery::happen);
  }

  /** Breaks all connections between two hosts; they can connect again. */
  public void disconnect(PeerId one, PeerId other) {
    VirtualHost host = hosts.get(one);
    if (host != null) {
      host.breakConnections(other);
    }
  }

  /**
   * Parts these hosts from all others until {@link #heal}: nothing passes between the two sides,
   * and the connections between them end when they miss each other's answers.
   */
  public void isolate(Collection<PeerId> peers) {
    island = Set.copyOf(peers);
    for (VirtualHost host : hosts.values()) {
      for (VirtualConnection connection : host.allConnections()) {
        if (areParted(host.peerId(), connection.remotePeer())) {
          connection.sever();
        }
      }
    }
  }

  /** Ends the partition. */
  public void heal() {
    island = Set.of();
  }

  /** The hosts that are running, in the order in which they joined. */
  public List<VirtualHost> hosts() {
    return List.copyOf(hosts.values());
  }

  /** The running host of this peer. */
  public Optional<VirtualHost> host(PeerId peer) {
    return Optional.ofNullable(hosts.get(peer));
  }

  /** Dials begun so far. */
  public long dials() {
    return dials;
  }

  /** Messages sent so far; what a host sends on one connection at one instant is one. */
  public long messages() {
    return messages;
  }

  /** Bytes sent so far, with about what encryption and muxing add. */
  public long bytes() {
    return bytes;
  }

  /** A hash of everything sent so far: when, by whom, to whom, how much, and the contents. */
  public long traceHash() {
    return trace;
  }

  VirtualTime time() {
    return time;
  }

  VirtualNetworkConfig config() {
    return config;
  }

  void join(VirtualHost host) {
    if (hosts.putIfAbsent(host.peerId(), host) != null) {
      throw new IllegalStateException(host.peerId() + " is in the network already");
    }
    if (byAddress.putIfAbsent(host.address(), host) != null) {
      hosts.remove(host.peerId());
      throw new IllegalStateException(host.address() + " is in use");
    }
  }

  void leave(VirtualHost host) {
    hosts.remove(host.peerId(), host);
    byAddress.remove(host.address(), host);
  }

  /** The host that {@code from} reaches by one of the addresses, if it is {@code peer}. */
  @Nullable VirtualHost reach(PeerId from, PeerId peer, List<Multiaddr> addresses) {
    VirtualHost host = hosts.get(peer);
    return host != null && addresses.contains(host.address()) && !areParted(from, peer)
        ? host
        : null;
  }

  /** Whether a host, this or another, answers at one of the addresses. */
  boolean answers(PeerId from, List<Multiaddr> addresses) {
    for (Multiaddr address : addresses) {
      VirtualHost host = byAddress.get(address);
      if (host != null && !areParted(from, host.peerId())) {
        return true;
      }
    }
    return false;
  }

  void countDial() {
    dials++;
  }

  /** How long so many round trips take. */
  Duration roundTrips(PeerId from, PeerId to, int count) {
    Duration sum = Duration.ZERO;
    for (int i = 0; i < count; i++) {
      sum = sum.plus(links.latency(from, to)).plus(links.latency(to, from));
    }
    return sum;
  }

  boolean isLost(PeerId from, PeerId to) {
    return links.isLost(from, to);
  }

  private boolean areParted(PeerId one, PeerId other) {
    return !island.isEmpty() && island.contains(one) != island.contains(other);
  }

  /** One direction of a connection: keeps its messages in order. */
  final class Wire {
    private final PeerId from;
    private final PeerId to;
    private final @Nullable Uplink uplink;
    private final int number = wiresMade++;
    private long lastArrival = Long.MIN_VALUE;

    /** The latest message; more of the same instant goes with it. */
    private @Nullable Delivery latest;

    Wire(PeerId from, PeerId to, @Nullable Uplink uplink) {
      this.from = from;
      this.to = to;
      this.uplink = uplink;
    }

    /**
     * @param size bytes on the wire
     * @param contents a hash of them, for the trace
     */
    void send(int size, long contents, Runnable arrival) {
      send(size, contents, Duration.ZERO, arrival);
    }

    /**
     * @param later how much later than usual it arrives
     */
    void send(int size, long contents, Duration later, Runnable arrival) {
      long now = time.nanoTime();
      bytes += size;
      trace = Hash.mix(Hash.mix(trace, now ^ ((long) number << 40)), contents + size);
      Delivery message = latest;
      if (message != null && message.sent == now && uplink == null) {
        message.add(arrival);
        return;
      }
      messages++;
      long departure = uplink == null ? now : uplink.departure(now, size);
      long due = departure + links.latency(from, to).toNanos() + later.toNanos();
      lastArrival = Math.max(due, lastArrival);
      latest = new Delivery(now, arrival);
      time.add(latest, lastArrival);
    }

    /** What arrives at once. */
    final class Delivery extends VirtualTime.Event {
      private final long sent;
      private final Runnable first;
      private @Nullable List<Runnable> more;

      Delivery(long sent, Runnable first) {
        this.sent = sent;
        this.first = first;
      }

      void add(Runnable arrival) {
        if (more == null) {
          more = new ArrayList<>(3);
        }
        more.add(arrival);
      }

      @Override
      void happen() {
        if (!stalled.isEmpty() && (stalled.contains(from) || stalled.contains(to))) {
          held.add(this);
          return;
        }
        if (latest == this) {
          latest = null;
        }
        first.run();
        if (more != null) {
          more.forEach(Runnable::run);
        }
      }
    }
  }

  /** What a host can send in a second; what is beyond waits its turn. */
  static final class Uplink {
    private final long bytesPerSecond;
    private long freeAt = Long.MIN_VALUE;

    Uplink(long bytesPerSecond) {
      this.bytesPerSecond = bytesPerSecond;
    }

    private long departure(long now, int size) {
      freeAt = Math.max(now, freeAt) + Math.multiplyExact(size, 1_000_000_000L) / bytesPerSecond;
      return freeAt;
    }
  }
}
