package io.infernet.discovery.gossip;

import io.infernet.discovery.gossip.wire.GossipCodec;
import io.infernet.discovery.gossip.wire.GossipRpc;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.ConnectionListener;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.host.StreamListener;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connected peers and the streams with them: to each peer one stream that this node opens and
 * sends on, from each peer one that it opens and that is read. A stream that breaks is opened
 * again, later each time. Used by the router's executor alone, except {@link #find}.
 */
final class PeerLinks {

  /** What the router hears. */
  interface Listener {

    /** A peer connected, or connected once more. */
    void onConnected(GossipPeer peer, Connection connection);

    /** A stream to the peer is open; what is queued now comes first on it. */
    void onReady(GossipPeer peer);

    void onRpc(GossipPeer peer, GossipRpc rpc);

    /** The stream to the peer broke, so that it is in no mesh until it is ready again. */
    void onLost(GossipPeer peer);

    /** The peer said all it has to say: its subscriptions are over. */
    void onSilent(GossipPeer peer);

    /** The peer sent what the protocol forbids. */
    void onViolation(GossipPeer peer);

    /** The last connection to the peer has ended. */
    void onDisconnected(GossipPeer peer);
  }

  /** Reopening is delayed at most 2^6 times the first delay. */
  private static final int MAX_DOUBLINGS = 6;

  /** A stream that lived this long is no failure when it ends. */
  private static final Duration STABLE = Duration.ofMinutes(1);

  /** Longer than any host takes until a stream is open, or not. */
  private static final Duration LONGEST_OPENING = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(PeerLinks.class);

  private final Host host;
  private final GossipConfig config;
  private final GossipCodec codec;
  private final Executor executor;
  private final Scheduler scheduler;
  private final Ticker ticker;
  private final Listener listener;
  private final Set<PeerId> direct = new HashSet<>();
  private final ConcurrentSkipListMap<PeerId, GossipPeer> peers = new ConcurrentSkipListMap<>();
  private boolean running;

  /** {@link Outbox#dropped} of peers that are gone. */
  private volatile long droppedBefore;

  PeerLinks(
      Host host,
      GossipConfig config,
      GossipCodec codec,
      Executor executor,
      Scheduler scheduler,
      Ticker ticker,
      Listener listener) {
    this.host = host;
    this.config = config;
    this.codec = codec;
    this.executor = executor;
    this.scheduler = scheduler;
    this.ticker = ticker;
    this.listener = listener;
    config.directPeers().forEach(peer -> direct.add(peer.id()));
  }

  void start() {
    running = true;
    for (ProtocolId protocol : config.protocols()) {
      host.handle(protocol, stream -> runOrReset(stream, () -> accept(stream)));
    }
    host.addConnectionListener(
        new ConnectionListener() {
          @Override
          public void onConnected(Connection connection) {
            run(() -> ifRunning(() -> connected(connection)));
          }

          @Override
          public void onDisconnected(Connection connection) {
            run(() -> ifRunning(() -> disconnected(connection)));
          }
        });
    host.connections().forEach(this::connected);
  }

  private void ifRunning(Runnable task) {
    if (running) {
      task.run();
    }
  }

  /** Ends every stream. */
  void close() {
    running = false;
    config.protocols().forEach(host::unhandle);
    for (GossipPeer peer : peers.values()) {
      Stream stream = peer.outbound;
      if (stream != null) {
        // What was queued still leaves; the peer learns of the end.
        stream.closeWrite();
      }
      GossipStreamHandler inbound = peer.inbound;
      peer.inbound = null;
      if (inbound != null) {
        inbound.reset();
      }
    }
    peers.clear();
  }

  /** All connected peers, in the order of their ids. */
  Collection<GossipPeer> all() {
    return peers.values();
  }

  /** Safe from any thread. */
  @Nullable GossipPeer find(PeerId peer) {
    return peers.get(peer);
  }

  /** Frames that were dropped because peers were too slow; safe from any thread. */
  long dropped() {
    long dropped = droppedBefore;
    for (GossipPeer peer : peers.values()) {
      dropped += peer.outbox.dropped();
    }
    return dropped;
  }

  /** Runs {@code task} on the executor; when that is full or closed, not at all. */
  void run(Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("gossip is overloaded or closed");
    }
  }

  private void runOrReset(Stream stream, Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("{}: reset, gossip is overloaded or closed", stream);
      stream.reset();
    }
  }

  // Connections.

  private GossipPeer connected(Connection connection) {
    PeerId id = connection.remotePeer();
    GossipPeer peer = peers.get(id);
    if (peer == null) {
      GossipPeer[] self = new GossipPeer[1];
      peer =
          new GossipPeer(
              id,
              direct.contains(id),
              config.limits(),
              () -> run(() -> self[0].outbox.pump()),
              ticker.nanoTime());
      self[0] = peer;
      peers.put(id, peer);
    }
    if (peer.connections.add(connection)) {
      listener.onConnected(peer, connection);
    }
    open(peer);
    return peer;
  }

  private void disconnected(Connection connection) {
    GossipPeer peer = peers.get(connection.remotePeer());
    if (peer != null && peer.connections.remove(connection) && peer.connections.isEmpty()) {
      remove(peer);
    }
  }

  private void remove(GossipPeer peer) {
    peers.remove(peer.id);
    droppedBefore += peer.outbox.dropped();
    if (peer.outbound != null) {
      lost(peer);
    }
    if (peer.inbound != null) {
      peer.inbound = null;
      listener.onSilent(peer);
    }
    listener.onDisconnected(peer);
  }

  /** Makes up for news of connections and streams that were lost while the executor was full. */
  void reconcile() {
    List<Connection> connections = host.connections();
    Set<Connection> live = new HashSet<>(connections);
    for (GossipPeer peer : List.copyOf(peers.values())) {
      for (Connection connection : List.copyOf(peer.connections)) {
        if (!live.contains(connection)) {
          disconnected(connection);
        }
      }
    }
    for (GossipPeer peer : peers.values()) {
      Stream stream = peer.outbound;
      if (stream != null && stream.closed().isDone()) {
        lost(peer);
      }
      if (peer.opening && ticker.nanoTime() - peer.openingSince > LONGEST_OPENING.toNanos()) {
        peer.opening = false;
      }
    }
    connections.forEach(this::connected);
  }

  /** Connects direct peers that are not connected. */
  void connectDirect() {
    for (PeerInfo peer : config.directPeers()) {
      if (!peers.containsKey(peer.id())) {
        host.connect(peer)
            .whenComplete(
                (connection, error) -> {
                  if (error != null) {
                    LOG.info(
                        "the direct peer {} does not answer: {}", peer.id(), error.getMessage());
                  }
                });
      }
    }
  }

  // Streams to peers.

  private boolean isKnown(GossipPeer peer) {
    return running && peers.get(peer.id) == peer;
  }

  private void open(GossipPeer peer) {
    Connection connection = peer.connection();
    if (!isKnown(peer)
        || connection == null
        || peer.opening
        || peer.outbound != null
        || peer.failedOpens >= config.limits().maxOpenAttempts()) {
      return;
    }
    peer.opening = true;
    peer.openingSince = ticker.nanoTime();
    connection
        .newStream(config.protocols())
        .whenComplete(
            (stream, error) -> {
              if (error != null) {
                run(() -> notOpened(peer, error));
              } else {
                runOrReset(stream, () -> opened(peer, stream));
              }
            });
  }

  private void opened(GossipPeer peer, Stream stream) {
    peer.opening = false;
    if (!isKnown(peer) || peer.outbound != null) {
      stream.reset();
      return;
    }
    peer.outbound = stream;
    peer.outboundSince = ticker.nanoTime();
    peer.protocol = stream.protocol();
    listener.onReady(peer);
    peer.outbox.attach(stream);
    stream.listen(
        new StreamListener() {
          @Override
          public void onData(ByteBuffer data) {
            // Peers send on the streams that they open; what comes here is not read.
          }

          @Override
          public void onRemoteClose() {
            stream.reset();
            run(() -> ended(peer, stream));
          }

          @Override
          public void onReset(Throwable cause) {
            run(() -> ended(peer, stream));
          }
        });
  }

  private void notOpened(GossipPeer peer, Throwable error) {
    peer.opening = false;
    peer.outbox.clear();
    listener.onLost(peer);
    LOG.debug("no gossip stream to {}: {}", peer, error.getMessage());
    openLater(peer);
  }

  private void ended(GossipPeer peer, Stream stream) {
    if (peer.outbound == stream) {
      if (ticker.nanoTime() - peer.outboundSince > STABLE.toNanos()) {
        peer.failedOpens = 0;
      }
      lost(peer);
      openLater(peer);
    }
  }

  private void lost(GossipPeer peer) {
    peer.outbound = null;
    peer.outbox.detach();
    listener.onLost(peer);
  }

  private void openLater(GossipPeer peer) {
    int doublings = Math.min(peer.failedOpens++, MAX_DOUBLINGS);
    if (isKnown(peer) && peer.failedOpens < config.limits().maxOpenAttempts()) {
      Duration delay = config.limits().reopenDelay().multipliedBy(1L << doublings);
      scheduler.schedule(delay, () -> run(() -> open(peer)));
    }
  }

  /** The peer takes nothing any more: begins anew with it. */
  void restart(GossipPeer peer) {
    Stream stream = peer.outbound;
    if (stream != null) {
      stream.reset();
    }
  }

  // Streams from peers.

  private void accept(Stream stream) {
    if (!running) {
      stream.reset();
      return;
    }
    GossipPeer peer = peers.get(stream.connection().remotePeer());
    if (peer == null || !peer.connections.contains(stream.connection())) {
      if (stream.connection().closed().isDone()) {
        stream.reset();
        return;
      }
      peer = connected(stream.connection());
    }
    if (++peer.inboundStreams > config.limits().maxInboundStreams()) {
      stream.reset();
      listener.onViolation(peer);
      return;
    }
    GossipStreamHandler before = peer.inbound;
    MessageStream<GossipRpc> messages = new MessageStream<>(stream, codec, executor);
    GossipStreamHandler handler = new GossipStreamHandler(this, peer, messages);
    peer.inbound = handler;
    if (before != null) {
      // It begins anew, and will say again what it is subscribed to.
      before.reset();
      listener.onSilent(peer);
    }
    messages.listen(handler);
    if (peer.outbound == null && !peer.opening) {
      peer.failedOpens = 0;
      open(peer);
    }
  }

  void received(GossipPeer peer, GossipStreamHandler from, GossipRpc rpc) {
    if (peer.inbound == from && isKnown(peer)) {
      listener.onRpc(peer, rpc);
    }
  }

  void inboundEnded(GossipPeer peer, GossipStreamHandler handler) {
    if (peer.inbound == handler) {
      peer.inbound = null;
      listener.onSilent(peer);
    }
  }

  void inboundReset(GossipPeer peer, GossipStreamHandler handler, Throwable cause) {
    if (cause instanceof ProtocolViolationException) {
      LOG.debug("{} violated the protocol: {}", peer, cause.getMessage());
      listener.onViolation(peer);
    }
    inboundEnded(peer, handler);
  }
}
