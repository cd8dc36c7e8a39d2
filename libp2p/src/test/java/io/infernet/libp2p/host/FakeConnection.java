package io.infernet.libp2p.host;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A connection without anything behind it. */
final class FakeConnection implements ManagedConnection {

  private final PeerId peer;
  private final boolean initiator;
  private final long readySince;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  int streams;
  boolean acceptsStreams = true;
  long idleSince;

  FakeConnection(PeerId peer, boolean initiator, long readySince) {
    this.peer = peer;
    this.initiator = initiator;
    this.readySince = readySince;
    this.idleSince = readySince;
  }

  boolean isClosed() {
    return closed.isDone();
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
    return acceptsStreams;
  }

  @Override
  public void close(String reason) {
    closed.complete(null);
  }

  @Override
  public PeerId remotePeer() {
    return peer;
  }

  @Override
  public PublicKey remotePublicKey() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Multiaddr remoteAddress() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Multiaddr localAddress() {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean isInitiator() {
    return initiator;
  }

  @Override
  public int streamCount() {
    return streams;
  }

  @Override
  public CompletableFuture<Stream> newStream(List<ProtocolId> protocols) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletableFuture<Void> close() {
    closed.complete(null);
    return closed;
  }

  @Override
  public CompletableFuture<Void> ended() {
    return closed;
  }

  @Override
  public CompletableFuture<Void> closed() {
    return closed;
  }
}
