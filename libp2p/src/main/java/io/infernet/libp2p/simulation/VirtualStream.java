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
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One end of a stream over a {@link VirtualConnection}, with a fixed window as yamux has at first.
 *
 * <p>Implementation notes: a simulation opens millions of these, so queues and futures are made
 * when there is something to put into them.
 */
final class VirtualStream implements Stream {

  /** What yamux (12) and Noise (2 + 16) add to a frame. */
  static final int OVERHEAD = 30;

  /** About what multistream's header and one protocol's name take. */
  static final int PROPOSAL_SIZE = 64;

  private static final Logger LOG = LoggerFactory.getLogger(VirtualStream.class);

  /** Initial window, yamux spec "Flow Control". */
  private static final int WINDOW = 256 * 1024;

  private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

  private final VirtualConnection connection;
  private final boolean initiator;
  private final boolean lost;
  private @Nullable ProtocolId protocol;
  private @Nullable VirtualStream other;
  private @Nullable StreamListener listener;

  /** Neighbours in the connection's list. */
  @Nullable VirtualStream previous;

  @Nullable VirtualStream next;

  private int credit = WINDOW;

  /** Bytes read here that the writer was not given back yet. */
  private int read;

  private boolean paused;
  private boolean delivering;
  private boolean ended;
  private boolean writeClosed;
  private boolean remoteClosed;
  private boolean remoteCloseDelivered;
  private @Nullable Queue<Pending> outbound;
  private @Nullable Queue<byte[]> inbound;
  private @Nullable CompletableFuture<Void> closed;

  /** Who waits for the agreement on a protocol. */
  private @Nullable CompletableFuture<Stream> opening;

  private @Nullable Throwable failure;

  /** What waits for credit; the close has no data. */
  private static final class Pending {
    private final @Nullable ByteBuffer data;
    private final CompletableFuture<Void> sent = new CompletableFuture<>();

    Pending(@Nullable ByteBuffer data) {
      this.data = data;
    }
  }

  /**
   * @param protocol null when it is not agreed yet
   * @param lost whether the other end never hears of it
   */
  VirtualStream(
      VirtualConnection connection,
      @Nullable ProtocolId protocol,
      boolean initiator,
      boolean lost) {
    this.connection = connection;
    this.protocol = protocol;
    this.initiator = initiator;
    this.lost = lost;
    connection.add(this);
  }

  void join(VirtualStream far) {
    other = far;
    far.other = this;
  }

  void send(int size, long contents, Runnable arrival) {
    if (!lost) {
      connection.send(size, contents, arrival);
    }
  }

  /** This stream, once its protocol is agreed. */
  CompletableFuture<Stream> agreement(VirtualNetwork network) {
    CompletableFuture<Stream> result = new CompletableFuture<>();
    opening = result;
    var timer =
        network
            .time()
            .schedule(
                network.config().negotiationTimeout(),
                () ->
                    reset(
                        new PeerUnavailableException(
                            "no protocol was agreed in " + network.config().negotiationTimeout())));
    result.whenComplete((stream, error) -> timer.cancel());
    return result;
  }

  void agreed(ProtocolId agreement) {
    protocol = agreement;
    if (opening != null && !ended && !opening.complete(this)) {
      reset(); // nobody waits any more
    }
  }

  @Override
  public Connection connection() {
    return connection;
  }

  @Override
  public ProtocolId protocol() {
    if (protocol == null) {
      throw new IllegalStateException("no protocol was agreed yet");
    }
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
    if (ended && !remoteCloseDelivered) {
      newListener.onReset(
          failure == null ? new PeerUnavailableException("the stream has ended") : failure);
    } else {
      deliver();
    }
  }

  @Override
  public CompletableFuture<Void> send(ByteBuffer data) {
    CompletableFuture<Void> refused = refused();
    if (refused != null) {
      return refused;
    }
    if (isEmpty(outbound) && data.remaining() <= credit) {
      transmit(data, data.position(), data.remaining());
      return DONE;
    }
    return queue(new Pending(data.slice()));
  }

  @Override
  public CompletableFuture<Void> closeWrite() {
    if (writeClosed) {
      return DONE;
    }
    CompletableFuture<Void> refused = refused();
    if (refused != null) {
      return refused;
    }
    writeClosed = true;
    if (isEmpty(outbound)) {
      transmitClose();
      return DONE;
    }
    return queue(new Pending(null));
  }

  private @Nullable CompletableFuture<Void> refused() {
    if (ended) {
      return CompletableFuture.failedFuture(new PeerUnavailableException("the stream has ended"));
    }
    if (writeClosed) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("the stream was closed for writing"));
    }
    return null;
  }

  private CompletableFuture<Void> queue(Pending pending) {
    if (outbound == null) {
      outbound = new ArrayDeque<>(4);
    }
    outbound.add(pending);
    flush();
    return pending.sent.copy();
  }

  private void flush() {
    Pending pending;
    while (outbound != null && (pending = outbound.peek()) != null) {
      ByteBuffer data = pending.data;
      if (data == null) {
        transmitClose();
      } else {
        int size = Math.min(credit, data.remaining());
        transmit(data, data.position(), size);
        data.position(data.position() + size);
        if (data.hasRemaining()) {
          return;
        }
      }
      outbound.remove();
      pending.sent.complete(null);
      endWhenBothClosed();
    }
  }

  private void transmit(ByteBuffer data, int from, int size) {
    if (size == 0) {
      return;
    }
    byte[] copy = new byte[size];
    data.get(from, copy);
    credit -= size;
    CRC32C contents = new CRC32C();
    contents.update(copy, 0, size);
    send(
        size + OVERHEAD,
        contents.getValue(),
        () -> {
          if (other != null) {
            other.arrived(copy);
          }
        });
  }

  private void transmitClose() {
    send(
        OVERHEAD,
        1,
        () -> {
          if (other != null) {
            other.remoteClosed();
          }
        });
    endWhenBothClosed();
  }

  private void arrived(byte[] data) {
    if (ended) {
      return;
    }
    if (listener != null && !paused && !delivering && isEmpty(inbound)) {
      delivering = true;
      hand(data);
      delivering = false;
    } else {
      if (inbound == null) {
        inbound = new ArrayDeque<>(4);
      }
      inbound.add(data);
    }
    deliver();
  }

  private void remoteClosed() {
    if (!ended) {
      remoteClosed = true;
      deliver();
    }
  }

  private void credited(int bytes) {
    if (!ended) {
      credit += bytes;
      flush();
    }
  }

  private void deliver() {
    if (listener == null || delivering) {
      return;
    }
    delivering = true;
    while (!paused && !ended && !isEmpty(inbound)) {
      hand(inbound.remove());
    }
    delivering = false;
    if (!ended && isEmpty(inbound) && remoteClosed && !remoteCloseDelivered) {
      remoteCloseDelivered = true;
      tell(StreamListener::onRemoteClose);
      endWhenBothClosed();
    }
  }

  private void hand(byte[] data) {
    read += data.length;
    if (read >= WINDOW / 2) {
      int bytes = read;
      read = 0;
      send(
          OVERHEAD,
          2,
          () -> {
            if (other != null) {
              other.credited(bytes);
            }
          });
    }
    tell(reader -> reader.onData(ByteBuffer.wrap(data)));
  }

  private void tell(Consumer<StreamListener> news) {
    try {
      news.accept(listener);
    } catch (RuntimeException e) {
      LOG.warn("{}: reset because its listener failed", this, e);
      reset();
    }
  }

  private static boolean isEmpty(@Nullable Queue<?> queue) {
    return queue == null || queue.isEmpty();
  }

  private void endWhenBothClosed() {
    if (writeClosed && remoteCloseDelivered && !ended && isEmpty(outbound)) {
      finish();
    }
  }

  private void finish() {
    ended = true;
    connection.remove(this);
    if (closed != null) {
      closed.complete(null);
    }
  }

  @Override
  public void reset() {
    reset(new PeerUnavailableException("reset"));
  }

  private void reset(Throwable cause) {
    if (ended) {
      return;
    }
    send(
        OVERHEAD,
        3,
        () -> {
          if (other != null) {
            other.end(new PeerUnavailableException("reset by the remote"));
          }
        });
    end(cause);
  }

  /** Ends both directions of this end. */
  void end(Throwable cause) {
    if (ended) {
      return;
    }
    failure = cause;
    finish();
    inbound = null;
    Queue<Pending> unsent = outbound;
    outbound = null;
    if (unsent != null) {
      unsent.forEach(pending -> pending.sent.completeExceptionally(cause));
    }
    if (opening != null) {
      opening.completeExceptionally(cause);
    }
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
    if (closed == null) {
      closed = ended ? DONE : new CompletableFuture<>();
    }
    return closed.copy();
  }

  @Override
  public String toString() {
    return protocol + " with " + connection.remotePeer();
  }
}
