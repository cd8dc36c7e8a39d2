package io.infernet.libp2p.host;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multistream.MultistreamConfig;
import io.infernet.libp2p.multistream.MultistreamNegotiation;
import io.infernet.libp2p.muxer.ByteBudget;
import io.infernet.libp2p.muxer.BytePipe;
import io.infernet.libp2p.muxer.MuxedStream;
import io.infernet.libp2p.muxer.StreamMuxer;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection over a {@link StreamMuxer}: agrees on the protocol of each stream and holds the
 * remote to the limits on its streams. Its state lives on the connection's event loop.
 */
final class MuxedConnection implements ManagedConnection {

  private static final Logger LOG = LoggerFactory.getLogger(MuxedConnection.class);

  private final End end;
  private final BytePipe pipe;
  private final Environment environment;
  private final StreamMuxer muxer;
  private final long readySince;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final Map<ProtocolId, Integer> inboundByProtocol = new HashMap<>(4);
  private int negotiating;
  private volatile long idleSince;

  /** Who is at the other end, and where. */
  record End(
      PeerId peer, PublicKey key, Multiaddr remote, Multiaddr local, boolean initiatedHere) {}

  /** What all connections of a host share. */
  record Environment(
      ProtocolTable protocols,
      ByteBudget buffers,
      PeerStore peers,
      StreamConfig streams,
      MultistreamConfig multistream,
      Scheduler scheduler,
      Ticker ticker) {}

  /**
   * @param muxers makes the muxer, which hands the remote's streams to the consumer given
   */
  MuxedConnection(
      End end,
      BytePipe pipe,
      Environment environment,
      Function<Consumer<MuxedStream>, StreamMuxer> muxers) {
    this.end = end;
    this.pipe = pipe;
    this.environment = environment;
    this.readySince = environment.ticker().nanoTime();
    this.idleSince = readySince;
    this.muxer = muxers.apply(this::accept);
    muxer
        .closed()
        .thenAccept(
            reason -> {
              LOG.debug("{} ended: {}", this, reason.getMessage());
              ended.complete(null);
              closed.complete(null);
            });
  }

  StreamMuxer muxer() {
    return muxer;
  }

  @Override
  public PeerId remotePeer() {
    return end.peer();
  }

  @Override
  public PublicKey remotePublicKey() {
    return end.key();
  }

  @Override
  public Multiaddr remoteAddress() {
    return end.remote();
  }

  @Override
  public Multiaddr localAddress() {
    return end.local();
  }

  @Override
  public boolean isInitiator() {
    return end.initiatedHere();
  }

  @Override
  public int streamCount() {
    return muxer.streamCount();
  }

  @Override
  public boolean acceptsStreams() {
    return muxer.acceptsStreams();
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
  public CompletableFuture<Void> close() {
    close("this side closed the connection");
    return closed.copy();
  }

  @Override
  public void close(String reason) {
    muxer.close(new PeerUnavailableException(reason));
  }

  @Override
  public CompletableFuture<Void> ended() {
    return ended;
  }

  @Override
  public CompletableFuture<Void> closed() {
    return closed.copy();
  }

  // --- Streams opened here ---

  @Override
  public CompletableFuture<Stream> newStream(List<ProtocolId> protocols) {
    CompletableFuture<Stream> result = new CompletableFuture<>();
    if (!execute(() -> open(protocols, result))) {
      result.completeExceptionally(
          new ConnectionEndedException(new PeerUnavailableException("the connection has ended")));
    }
    return result;
  }

  private void open(List<ProtocolId> protocols, CompletableFuture<Stream> result) {
    muxer
        .openStream()
        .whenComplete(
            (stream, error) -> {
              if (error != null) {
                fail(result, error);
              } else {
                watch(stream);
                propose(stream, protocols, result);
              }
            });
  }

  private void propose(
      MuxedStream stream, List<ProtocolId> protocols, CompletableFuture<Stream> result) {
    Optional<ProtocolId> known = known(protocols);
    MultistreamNegotiation negotiation =
        MultistreamNegotiation.initiator(
            environment.multistream(), known.map(List::of).orElse(protocols));
    CompletableFuture<ProtocolId> agreed = negotiate(stream, negotiation);
    if (known.isPresent()) {
      // The remote said that it speaks it: no need to wait before the first request.
      give(new NegotiatedStream(this, stream, known.get(), agreed), result);
      return;
    }
    agreed.whenComplete(
        (protocol, error) -> {
          if (error != null) {
            fail(result, error);
          } else {
            give(new NegotiatedStream(this, stream, protocol, agreed), result);
          }
        });
  }

  private Optional<ProtocolId> known(List<ProtocolId> protocols) {
    return environment
        .peers()
        .metadata(end.peer())
        .flatMap(said -> protocols.stream().filter(said.protocols()::contains).findFirst());
  }

  private static void give(Stream stream, CompletableFuture<Stream> result) {
    if (!result.complete(stream)) {
      stream.reset(); // nobody waits any more
    }
  }

  private void fail(CompletableFuture<Stream> result, Throwable cause) {
    if (!muxer.acceptsStreams()) {
      result.completeExceptionally(new ConnectionEndedException(cause));
    } else if (cause instanceof PeerUnavailableException) {
      result.completeExceptionally(cause);
    } else {
      result.completeExceptionally(new PeerUnavailableException(cause.getMessage(), cause));
    }
  }

  // --- Streams opened by the remote ---

  private void accept(MuxedStream stream) {
    if (negotiating >= environment.streams().maxNegotiating()) {
      refuse(stream, "more than " + environment.streams().maxNegotiating() + " are negotiating");
      return;
    }
    if (!environment.protocols().tryAddInbound()) {
      refuse(stream, "more than " + environment.streams().maxInbound() + " on this host");
      return;
    }
    watch(stream);
    stream.closed().thenRun(environment.protocols()::removeInbound);
    negotiating++;
    MultistreamNegotiation negotiation =
        MultistreamNegotiation.responder(
            environment.multistream(),
            protocol -> environment.protocols().handler(protocol) != null);
    CompletableFuture<ProtocolId> agreed = negotiate(stream, negotiation);
    agreed.whenComplete(
        (protocol, error) -> {
          negotiating--;
          if (error == null) {
            handle(new NegotiatedStream(this, stream, protocol, agreed), stream);
          } else {
            LOG.debug("{}: an inbound stream failed: {}", this, error.getMessage());
          }
        });
  }

  private void handle(NegotiatedStream stream, MuxedStream muxed) {
    ProtocolId protocol = stream.protocol();
    int open = inboundByProtocol.merge(protocol, 1, Integer::sum);
    muxed
        .closed()
        .thenRun(
            () -> inboundByProtocol.computeIfPresent(protocol, (p, n) -> n > 1 ? n - 1 : null));
    StreamHandler handler = environment.protocols().handler(protocol);
    if (open > environment.streams().maxInboundPerProtocol() || handler == null) {
      refuse(muxed, open + " of " + protocol);
      return;
    }
    try {
      handler.onStream(stream);
    } catch (RuntimeException e) {
      LOG.warn("{}: reset because its handler failed", stream, e);
      stream.reset();
    }
  }

  private void refuse(MuxedStream stream, String reason) {
    LOG.debug("{}: an inbound stream was refused: {}", this, reason);
    stream.reset();
  }

  // --- Both ---

  private CompletableFuture<ProtocolId> negotiate(
      MuxedStream stream, MultistreamNegotiation negotiation) {
    return new StreamNegotiation(stream, negotiation)
        .start(this, environment.scheduler(), environment.streams().negotiationTimeout());
  }

  private void watch(MuxedStream stream) {
    stream.closed().thenRun(() -> idleSince = environment.ticker().nanoTime());
  }

  /**
   * Runs {@code task} on the event loop: now when the caller is on it.
   *
   * @return false when the event loop has shut down
   */
  boolean execute(Runnable task) {
    if (pipe.inEventLoop()) {
      task.run();
      return true;
    }
    try {
      pipe.execute(task);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  @Override
  public String toString() {
    return "connection with " + end.peer() + " at " + end.remote();
  }
}
