package io.infernet.libp2p.simulation;

import io.infernet.libp2p.host.ManagedConnection;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.host.StreamHandler;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One end of a connection between two {@link VirtualHost}s. */
final class VirtualConnection implements ManagedConnection {

  private static final Logger LOG = LoggerFactory.getLogger(VirtualConnection.class);

  private final VirtualHost local;
  private final VirtualHost remote;
  private final VirtualNetwork.Wire wire;
  private final boolean initiator;
  private final long readySince;
  private long idleSince;

  /** The streams are a list through their neighbours. */
  private @Nullable VirtualStream firstStream;

  private int streamCount;
  private boolean admitted;
  private boolean ended;

  /** Nothing passes any more, and nobody knows yet. */
  private boolean severed;

  /** Made when somebody asks for it. */
  private @Nullable CompletableFuture<Void> closed;

  private @Nullable VirtualConnection other;

  VirtualConnection(
      VirtualHost local, VirtualHost remote, VirtualNetwork.Wire wire, boolean initiator) {
    this.local = local;
    this.remote = remote;
    this.wire = wire;
    this.initiator = initiator;
    this.readySince = local.network().time().nanoTime();
    this.idleSince = readySince;
  }

  /** Makes the two ends know each other. */
  void join(VirtualConnection far) {
    other = far;
    far.other = this;
  }

  VirtualConnection other() {
    if (other == null) {
      throw new IllegalStateException("this end was not joined");
    }
    return other;
  }

  /**
   * Carries what this end sends, unless it has ended.
   *
   * @param size bytes on the wire
   * @param contents a hash of them, for the trace
   */
  void send(int size, long contents, Runnable arrival) {
    if (!ended && !severed) {
      wire.send(size, contents, arrival);
    }
  }

  boolean hasEnded() {
    return ended;
  }

  /** The host's listeners are told of it. */
  void onAdmitted() {
    admitted = true;
  }

  /** What identify would tell this end. */
  void learnProtocols() {
    local.peers().addAddresses(remotePeer(), remote.addresses());
    local.peers().setMetadata(remotePeer(), remote.metadata());
  }

  @Override
  public PeerId remotePeer() {
    return remote.peerId();
  }

  @Override
  public PublicKey remotePublicKey() {
    return remote.key();
  }

  @Override
  public Multiaddr remoteAddress() {
    return remote.address();
  }

  @Override
  public Multiaddr localAddress() {
    return local.address();
  }

  @Override
  public boolean isInitiator() {
    return initiator;
  }

  @Override
  public int streamCount() {
    return streamCount;
  }

  @Override
  public long readySince() {
    return readySince;
  }

  @Override
  public long idleSince() {
    return idleSince;
  }

  @Override
  public boolean acceptsStreams() {
    return !ended;
  }

  /**
   * A stream that can be written to at once when the remote is known to speak the protocol, and one
   * round trip later when it is not, as with real hosts.
   */
  @Override
  public CompletableFuture<Stream> newStream(List<ProtocolId> protocols) {
    if (ended) {
      return CompletableFuture.failedFuture(
          new PeerUnavailableException("the connection has ended"));
    }
    Optional<ProtocolId> known =
        local.peers().metadata(remotePeer()).flatMap(said -> first(protocols, said.protocols()));
    boolean lost = local.network().isLost(local.peerId(), remotePeer());
    VirtualStream near = new VirtualStream(this, known.orElse(null), true, lost);
    List<ProtocolId> proposed = known.map(List::of).orElse(protocols);
    near.send(VirtualStream.PROPOSAL_SIZE, 0, () -> other().accept(near, proposed));
    return known.isPresent()
        ? CompletableFuture.completedFuture(near)
        : near.agreement(local.network());
  }

  private static Optional<ProtocolId> first(List<ProtocolId> wanted, List<ProtocolId> spoken) {
    for (ProtocolId protocol : wanted) {
      if (spoken.contains(protocol)) {
        return Optional.of(protocol);
      }
    }
    return Optional.empty();
  }

  private void accept(VirtualStream near, List<ProtocolId> protocols) {
    if (ended) {
      return;
    }
    for (ProtocolId protocol : protocols) {
      StreamHandler handler = local.handler(protocol);
      if (handler != null) {
        VirtualStream far = new VirtualStream(this, protocol, false, false);
        near.join(far);
        far.send(VirtualStream.PROPOSAL_SIZE, 0, () -> near.agreed(protocol));
        try {
          handler.onStream(far);
        } catch (RuntimeException e) {
          LOG.warn("{}: reset because its handler failed", far, e);
          far.reset();
        }
        return;
      }
    }
    String reason = local.peerId() + " speaks none of " + protocols;
    send(VirtualStream.PROPOSAL_SIZE, 0, () -> near.end(new PeerUnavailableException(reason)));
  }

  void add(VirtualStream stream) {
    stream.next = firstStream;
    if (firstStream != null) {
      firstStream.previous = stream;
    }
    firstStream = stream;
    streamCount++;
  }

  void remove(VirtualStream stream) {
    if (stream.previous == null) {
      firstStream = stream.next;
    } else {
      stream.previous.next = stream.next;
    }
    if (stream.next != null) {
      stream.next.previous = stream.previous;
    }
    stream.next = null;
    stream.previous = null;
    streamCount--;
    idleSince = local.network().time().nanoTime();
    if (streamCount == 0) {
      local.onChange(this);
    }
  }

  @Override
  public CompletableFuture<Void> close() {
    close("the connection was closed");
    return closed();
  }

  /** Ends this end now and the other one when the news arrives. */
  @Override
  public void close(String reason) {
    VirtualConnection far = other();
    send(VirtualStream.OVERHEAD, 0, () -> far.close("the connection was closed by the remote"));
    end(reason);
  }

  /** Ends this end without a word to the other. */
  void end(String reason) {
    if (ended) {
      return;
    }
    ended = true;
    if (firstStream != null) {
      PeerUnavailableException cause = new PeerUnavailableException(reason);
      while (firstStream != null) {
        firstStream.end(cause);
      }
    }
    local.remove(this, admitted);
    if (closed != null) {
      closed.complete(null);
    }
  }

  /** Lets nothing pass any more; this end finds out when it misses the other's answers. */
  void sever() {
    if (!ended && !severed) {
      severed = true;
      local
          .network()
          .time()
          .schedule(
              local.network().config().keepAlive(),
              () -> end("the remote does not answer any more"));
    }
  }

  @Override
  public CompletableFuture<Void> ended() {
    return closed();
  }

  @Override
  public CompletableFuture<Void> closed() {
    if (closed == null) {
      closed = ended ? CompletableFuture.completedFuture(null) : new CompletableFuture<>();
    }
    return closed.copy();
  }

  @Override
  public String toString() {
    return "VirtualConnection[" + local.peerId() + " to " + remote.peerId() + "]";
  }
}
