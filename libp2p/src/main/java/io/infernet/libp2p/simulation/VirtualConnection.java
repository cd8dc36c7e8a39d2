package io.infernet.libp2p.simulation;

import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.host.StreamHandler;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One end of a connection between two {@link VirtualHost}s. */
final class VirtualConnection implements Connection {

  private static final Logger LOG = LoggerFactory.getLogger(VirtualConnection.class);

  private final VirtualHost local;
  private final VirtualHost remote;
  private final VirtualNetwork.Wire wire;
  private final boolean initiator;
  private final Set<VirtualStream> streams = new LinkedHashSet<>();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private @Nullable VirtualConnection other;

  VirtualConnection(
      VirtualHost local, VirtualHost remote, VirtualNetwork.Wire wire, boolean initiator) {
    this.local = local;
    this.remote = remote;
    this.wire = wire;
    this.initiator = initiator;
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

  /** Carries what this end sends, unless it has ended. */
  void send(Runnable arrival) {
    if (!hasEnded()) {
      wire.send(arrival);
    }
  }

  boolean hasEnded() {
    return closed.isDone();
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
    return streams.size();
  }

  @Override
  public CompletableFuture<Stream> newStream(List<ProtocolId> protocols) {
    CompletableFuture<Stream> result = new CompletableFuture<>();
    if (hasEnded()) {
      result.completeExceptionally(new PeerUnavailableException("the connection has ended"));
      return result;
    }
    closed.thenRun(
        () -> result.completeExceptionally(new PeerUnavailableException("the connection ended")));
    VirtualConnection far = other();
    send(() -> far.accept(protocols, result));
    return result;
  }

  private void accept(List<ProtocolId> protocols, CompletableFuture<Stream> result) {
    for (ProtocolId protocol : protocols) {
      StreamHandler handler = local.handler(protocol);
      if (handler != null) {
        VirtualStream near = new VirtualStream(other(), protocol, true);
        VirtualStream far = new VirtualStream(this, protocol, false);
        near.join(far);
        streams.add(far);
        send(() -> other().opened(near, result));
        try {
          handler.onStream(far);
        } catch (RuntimeException e) {
          LOG.warn("{}: reset because its handler failed", far, e);
          far.reset();
        }
        return;
      }
    }
    send(
        () ->
            result.completeExceptionally(
                new PeerUnavailableException(local.peerId() + " speaks none of " + protocols)));
  }

  private void opened(VirtualStream stream, CompletableFuture<Stream> result) {
    streams.add(stream);
    if (!result.complete(stream)) {
      stream.reset();
    }
  }

  void remove(VirtualStream stream) {
    streams.remove(stream);
  }

  @Override
  public CompletableFuture<Void> close() {
    fail("the connection was closed");
    return closed.copy();
  }

  /** Ends this end now and the other one when the news arrives. */
  void fail(String reason) {
    VirtualConnection far = other();
    send(() -> far.fail("the connection was closed by the remote"));
    if (closed.complete(null)) {
      PeerUnavailableException cause = new PeerUnavailableException(reason);
      List.copyOf(streams).forEach(stream -> stream.end(cause));
      local.remove(this);
    }
  }

  @Override
  public CompletableFuture<Void> closed() {
    return closed.copy();
  }

  @Override
  public String toString() {
    return "VirtualConnection[" + local.peerId() + " to " + remote.peerId() + "]";
  }
}
