package io.infernet.libp2p.host;

import io.infernet.libp2p.muxer.MuxedStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A muxed stream whose protocol is agreed, or about to be: one that was opened in the belief that
 * the remote speaks the protocol takes data at once, which the remote cannot take for that of
 * another protocol, and delivers none before the agreement.
 */
final class NegotiatedStream implements Stream {

  private final MuxedConnection connection;
  private final MuxedStream stream;
  private final ProtocolId protocol;
  private final AtomicReference<StreamListener> listener = new AtomicReference<>();

  /** Changes on the event loop. */
  private volatile State state = State.NEGOTIATING;

  // The event loop's own.
  private boolean begun;
  private boolean paused;
  private @Nullable Throwable failure;

  private enum State {
    NEGOTIATING,
    AGREED,
    FAILED
  }

  /**
   * @param agreed the negotiation, done or under way; completed on the event loop, and when it
   *     fails the muxed stream is reset
   */
  NegotiatedStream(
      MuxedConnection connection,
      MuxedStream stream,
      ProtocolId protocol,
      CompletableFuture<ProtocolId> agreed) {
    this.connection = connection;
    this.stream = stream;
    this.protocol = protocol;
    agreed.whenComplete((agreement, error) -> onNegotiated(error));
  }

  @Override
  public Connection connection() {
    return connection;
  }

  @Override
  public ProtocolId protocol() {
    return protocol;
  }

  @Override
  public boolean isInitiator() {
    return stream.isInitiator();
  }

  @Override
  public void listen(StreamListener newListener) {
    if (!listener.compareAndSet(null, newListener)) {
      throw new IllegalStateException(this + " has a listener already");
    }
    if (!connection.execute(this::begin)) {
      newListener.onReset(new PeerUnavailableException("the connection has ended"));
    }
  }

  private void onNegotiated(@Nullable Throwable error) {
    failure = error;
    state = error == null ? State.AGREED : State.FAILED;
    if (paused) {
      stream.pauseReading();
    }
    begin();
  }

  /** Lets the listener have what there is, once there is a listener and a protocol. */
  private void begin() {
    StreamListener reader = listener.get();
    if (begun || reader == null || state == State.NEGOTIATING) {
      return;
    }
    begun = true;
    if (failure == null) {
      stream.listen(new Delivery(reader));
    } else {
      reader.onReset(failure);
    }
  }

  @Override
  public CompletableFuture<Void> send(ByteBuffer data) {
    return stream.write(Unpooled.wrappedBuffer(data));
  }

  @Override
  public CompletableFuture<Void> closeWrite() {
    return stream.closeWrite();
  }

  @Override
  public void reset() {
    stream.reset();
  }

  @Override
  public void pauseReading() {
    pauseReading(true);
  }

  @Override
  public void resumeReading() {
    pauseReading(false);
  }

  /** The negotiation must go on reading, so until it is over the wish is only noted. */
  private void pauseReading(boolean pause) {
    if (state == State.NEGOTIATING) {
      connection.execute(
          () -> {
            if (state == State.NEGOTIATING) {
              paused = pause;
            } else {
              passOn(pause);
            }
          });
    } else {
      passOn(pause);
    }
  }

  private void passOn(boolean pause) {
    if (pause) {
      stream.pauseReading();
    } else {
      stream.resumeReading();
    }
  }

  @Override
  public CompletableFuture<Void> closed() {
    return stream.closed();
  }

  @Override
  public String toString() {
    return protocol + " with " + connection.remotePeer();
  }

  /** Shows a stream's bytes without copying them. */
  private record Delivery(StreamListener listener) implements MuxedStream.Listener {
    @Override
    public void onData(ByteBuf data) {
      ByteBuffer bytes = data.nioBuffer();
      data.skipBytes(data.readableBytes());
      listener.onData(bytes);
    }

    @Override
    public void onRemoteClose() {
      listener.onRemoteClose();
    }

    @Override
    public void onReset(Throwable cause) {
      listener.onReset(cause);
    }
  }
}
