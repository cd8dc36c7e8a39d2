package io.infernet.libp2p.simulation;

import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.host.StreamListener;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One end of a stream over a {@link VirtualConnection}, with a fixed window as yamux has at first.
 */
final class VirtualStream implements Stream {

  private static final Logger LOG = LoggerFactory.getLogger(VirtualStream.class);

  /** Initial window, yamux spec "Flow Control". */
  private static final int WINDOW = 256 * 1024;

  private final VirtualConnection connection;
  private final ProtocolId protocol;
  private final boolean initiator;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final Queue<Pending> outbound = new ArrayDeque<>();
  private final Queue<ByteBuffer> inbound = new ArrayDeque<>();
  private @Nullable VirtualStream other;
  private @Nullable StreamListener listener;
  private int credit = WINDOW;
  private boolean paused;
  private boolean delivering;
  private boolean writeClosed;
  private boolean remoteClosed;
  private boolean remoteCloseDelivered;

  private record Pending(ByteBuffer data, CompletableFuture<Void> sent, boolean close) {}

  VirtualStream(VirtualConnection connection, ProtocolId protocol, boolean initiator) {
    this.connection = connection;
    this.protocol = protocol;
    this.initiator = initiator;
  }

  void join(VirtualStream far) {
    other = far;
    far.other = this;
  }

  private VirtualStream other() {
    if (other == null) {
      throw new IllegalStateException("this end was not joined");
    }
    return other;
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
    return initiator;
  }

  @Override
  public void listen(StreamListener newListener) {
    if (listener != null) {
      throw new IllegalStateException("the stream has a listener already");
    }
    listener = newListener;
    if (closed.isDone() && !remoteCloseDelivered) {
      newListener.onReset(new PeerUnavailableException("the stream has ended"));
    } else {
      deliver();
    }
  }

  @Override
  public CompletableFuture<Void> send(ByteBuffer data) {
    return queue(new Pending(data.slice(), new CompletableFuture<>(), false));
  }

  @Override
  public CompletableFuture<Void> closeWrite() {
    if (writeClosed) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<Void> sent =
        queue(new Pending(ByteBuffer.allocate(0), new CompletableFuture<>(), true));
    writeClosed = true;
    endWhenBothClosed();
    return sent;
  }

  private CompletableFuture<Void> queue(Pending pending) {
    if (closed.isDone()) {
      return CompletableFuture.failedFuture(new PeerUnavailableException("the stream has ended"));
    }
    if (writeClosed) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("the stream was closed for writing"));
    }
    outbound.add(pending);
    flush();
    return pending.sent().copy();
  }

  private void flush() {
    Pending pending;
    while ((pending = outbound.peek()) != null) {
      int size = Math.min(credit, pending.data().remaining());
      if (size > 0) {
        byte[] copy = new byte[size];
        pending.data().get(copy);
        credit -= size;
        VirtualStream far = other();
        connection.send(() -> far.arrived(ByteBuffer.wrap(copy)));
      }
      if (pending.data().hasRemaining()) {
        return;
      }
      if (pending.close()) {
        VirtualStream far = other();
        connection.send(far::remoteClosed);
      }
      outbound.remove();
      pending.sent().complete(null);
      endWhenBothClosed();
    }
  }

  private void arrived(ByteBuffer data) {
    if (!closed.isDone()) {
      inbound.add(data);
      deliver();
    }
  }

  private void remoteClosed() {
    if (!closed.isDone()) {
      remoteClosed = true;
      deliver();
    }
  }

  private void credited(int bytes) {
    if (!closed.isDone()) {
      credit += bytes;
      flush();
    }
  }

  private void deliver() {
    if (listener == null || delivering) {
      return;
    }
    delivering = true;
    while (!paused && !closed.isDone() && !inbound.isEmpty()) {
      ByteBuffer data = inbound.remove();
      int size = data.remaining();
      VirtualStream far = other();
      connection.send(() -> far.credited(size));
      tell(reader -> reader.onData(data));
    }
    delivering = false;
    if (!closed.isDone() && inbound.isEmpty() && remoteClosed && !remoteCloseDelivered) {
      remoteCloseDelivered = true;
      tell(StreamListener::onRemoteClose);
      endWhenBothClosed();
    }
  }

  private void tell(Consumer<StreamListener> news) {
    try {
      news.accept(listener);
    } catch (RuntimeException e) {
      LOG.warn("{}: reset because its listener failed", this, e);
      reset();
    }
  }

  private void endWhenBothClosed() {
    if (writeClosed && outbound.isEmpty() && remoteCloseDelivered && closed.complete(null)) {
      connection.remove(this);
    }
  }

  @Override
  public void reset() {
    VirtualStream far = other();
    if (!closed.isDone()) {
      connection.send(() -> far.end(new PeerUnavailableException("reset by the remote")));
      end(new PeerUnavailableException("reset"));
    }
  }

  /** Ends both directions of this end. */
  void end(Throwable cause) {
    if (!closed.complete(null)) {
      return;
    }
    connection.remove(this);
    inbound.clear();
    outbound.forEach(pending -> pending.sent().completeExceptionally(cause));
    outbound.clear();
    if (listener != null) {
      listener.onReset(cause);
    }
  }

  @Override
  public void pauseReading() {
    paused = true;
  }

  @Override
  public void resumeReading() {
    paused = false;
    deliver();
  }

  @Override
  public CompletableFuture<Void> closed() {
    return closed.copy();
  }

  @Override
  public String toString() {
    return protocol + " with " + connection.remotePeer();
  }
}
