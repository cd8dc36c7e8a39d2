package io.infernet.libp2p.muxer.yamux;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.muxer.MuxedStream;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream of a {@link YamuxSession}. Everything but the public methods runs on the session's
 * event loop. An idle stream holds no buffers.
 *
 * <p>Implementation notes: data for a listener that reads is passed on as a slice of what arrived.
 * Data that must wait is copied into chunks of its own, for a slice would keep the whole buffer
 * around it alive, and a remote could make many such buffers wait for one byte each.
 */
final class YamuxStream implements MuxedStream {

  private static final Logger LOG = LoggerFactory.getLogger(YamuxStream.class);

  /**
   * Capacity of the first chunk of waiting data; later ones double the total, up to the largest.
   */
  private static final int SMALLEST_CHUNK = 512;

  private static final int LARGEST_CHUNK = 64 * 1024;

  private final YamuxSession session;
  private final int id;
  private final boolean initiator;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  // Reading.
  private final ReceiveWindow window;
  private @Nullable Listener listener;
  private @Nullable Deque<ByteBuf> waiting;
  private boolean paused;

  /** The listener left bytes unread. */
  private boolean stalled;

  private boolean delivering;
  private boolean remoteClosed;
  private boolean remoteCloseTold;

  // Writing.
  private long sendCredit = YamuxConfig.INITIAL_WINDOW;
  private @Nullable Write firstWrite;
  private @Nullable Write lastWrite;
  private long queuedBytes;
  private boolean queued;
  private boolean acknowledged;
  private boolean finSent;
  private @Nullable CompletableFuture<Void> closeWrite;

  /** Writes and closes of other threads that are on their way to the event loop. */
  private final AtomicInteger handedOver = new AtomicInteger();

  private boolean ended;
  private @Nullable Throwable resetCause;

  YamuxStream(YamuxSession session, int id, boolean initiator, long now) {
    this.session = session;
    this.id = id;
    this.initiator = initiator;
    window = new ReceiveWindow(now);
  }

  /** Bytes that wait to be sent, in a list. */
  private static final class Write {
    private final ByteBuf data;
    private final CompletableFuture<Void> done;
    private @Nullable Write next;

    Write(ByteBuf data, CompletableFuture<Void> done) {
      this.data = data;
      this.done = done;
    }
  }

  @Override
  public boolean isInitiator() {
    return initiator;
  }

  @Override
  public void listen(Listener newListener) {
    session.run(
        () -> {
          listener = newListener;
          stalled = false;
          remoteCloseTold = false;
          if (resetCause != null) {
            newListener.onReset(resetCause);
          } else {
            deliverWaiting();
          }
        });
  }

  @Override
  public void pauseReading() {
    session.run(() -> paused = true);
  }

  @Override
  public void resumeReading() {
    session.run(
        () -> {
          paused = false;
          stalled = false;
          deliverWaiting();
        });
  }

  @Override
  public CompletableFuture<Void> write(ByteBuf data) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    if (!runInOrder(() -> enqueue(data, done))) {
      data.release();
      done.completeExceptionally(YamuxSession.loopEnded());
    }
    return done;
  }

  @Override
  public CompletableFuture<Void> closeWrite() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    if (!runInOrder(() -> closeWrite(done))) {
      done.completeExceptionally(YamuxSession.loopEnded());
    }
    return done;
  }

  @Override
  public void reset() {
    session.run(() -> reset(new PeerUnavailableException("the stream was reset by this side")));
  }

  @Override
  public CompletableFuture<Void> closed() {
    return closed.copy();
  }

  @Override
  public String toString() {
    return "yamux stream " + Integer.toUnsignedString(id);
  }

  // --- Reading ---

  /** A data frame with {@code length} bytes begins. */
  void announce(long length) throws ProtocolViolationException {
    if (remoteClosed && length > 0) {
      throw new ProtocolViolationException("data after the end of " + this);
    }
    window.announce(length);
  }

  /** Takes the next {@code length} announced bytes from {@code in}. */
  void onPayload(ByteBuf in, int length) {
    window.arrived(length);
    ByteBuf slice = in.readRetainedSlice(length);
    try {
      if (waiting == null && canDeliver()) {
        deliver(slice);
      }
      if (!ended && slice.isReadable()) {
        keep(slice);
        deliverWaiting();
      }
    } finally {
      slice.release();
    }
  }

  void onRemoteClose() {
    if (!remoteClosed) {
      remoteClosed = true;
      deliverWaiting();
    }
  }

  /** The remote reset the stream. */
  void onReset() {
    end(new PeerUnavailableException("the stream was reset by the remote"));
  }

  private boolean canDeliver() {
    return listener != null && !paused && !stalled && !delivering && !ended;
  }

  /** Shows {@code data} to the listener, which reads it or some of it. */
  private void deliver(ByteBuf data) {
    Listener reader = listener;
    int before = data.readableBytes();
    delivering = true;
    try {
      reader.onData(data);
    } catch (RuntimeException e) {
      failListener(e);
    } finally {
      delivering = false;
    }
    if (ended) {
      return;
    }
    stalled = data.isReadable() && reader == listener;
    window.read(before - data.readableBytes());
    if (!remoteClosed) {
      int grant = session.grant(window);
      if (grant > 0) {
        session.writeControl(YamuxFrame.WINDOW_UPDATE, takeAck(), id, grant);
      }
    }
  }

  /**
   * Copies {@code data} until the listener wants it, or resets the stream when that is too much.
   */
  private void keep(ByteBuf data) {
    int length = data.readableBytes();
    if (!session.reserve(length)) {
      window.read(length);
      reset(
          new PeerUnavailableException(
              "the stream was reset by this side: too many bytes wait on its connection"));
      return;
    }
    if (waiting == null) {
      waiting = new ArrayDeque<>(4);
    }
    ByteBuf last = waiting.peekLast();
    if (last != null) {
      last.writeBytes(data, Math.min(last.writableBytes(), data.readableBytes()));
    }
    if (data.isReadable()) {
      int room = Math.min(LARGEST_CHUNK, Math.max(SMALLEST_CHUNK, window.held()));
      ByteBuf chunk = session.alloc().buffer(Math.max(room, data.readableBytes()));
      waiting.add(chunk.writeBytes(data));
    }
  }

  private void deliverWaiting() {
    while (waiting != null && canDeliver()) {
      ByteBuf chunk = waiting.element();
      int before = chunk.readableBytes();
      chunk.retain();
      try {
        deliver(chunk);
        if (!ended) {
          session.unreserve(before - chunk.readableBytes());
          if (!chunk.isReadable()) {
            waiting.remove().release();
            if (waiting.isEmpty()) {
              waiting = null;
            }
          }
        }
      } finally {
        chunk.release();
      }
    }
    if (remoteClosed && waiting == null && resetCause == null) {
      if (!remoteCloseTold && listener != null && !paused && !delivering) {
        remoteCloseTold = true;
        try {
          listener.onRemoteClose();
        } catch (RuntimeException e) {
          failListener(e);
        }
      }
      endWhenBothClosed();
    }
  }

  private void failListener(RuntimeException e) {
    LOG.warn("the listener of {} failed", this, e);
    reset(new PeerUnavailableException("the stream was reset by this side: " + e, e));
  }

  // --- Writing ---

  /**
   * Runs {@code task} on the event loop behind the tasks that other threads have handed over: a
   * callback on the event loop must not write ahead of what its service wrote before.
   */
  private boolean runInOrder(Runnable task) {
    if (handedOver.get() == 0 && session.inEventLoop()) {
      task.run();
      return true;
    }
    handedOver.incrementAndGet();
    boolean accepted =
        session.execute(
            () -> {
              handedOver.decrementAndGet();
              task.run();
            });
    if (!accepted) {
      handedOver.decrementAndGet();
    }
    return accepted;
  }

  private void enqueue(ByteBuf data, CompletableFuture<Void> done) {
    int length = data.readableBytes();
    Throwable refusal = refusal(length);
    if (refusal != null) {
      data.release();
      done.completeExceptionally(refusal);
      return;
    }
    Write write = new Write(data, done);
    if (lastWrite == null) {
      firstWrite = write;
    } else {
      lastWrite.next = write;
    }
    lastWrite = write;
    queuedBytes += length;
    queueForSending();
  }

  private @Nullable Throwable refusal(int length) {
    if (resetCause != null) {
      return resetCause;
    }
    if (closeWrite != null) {
      return new IllegalStateException("write after closeWrite");
    }
    int limit = session.config().maxQueuedBytes();
    if (queuedBytes > 0 && queuedBytes + length > limit) {
      return new IllegalStateException(
          "more than " + limit + " bytes wait to be sent: wait for a write before the next");
    }
    return null;
  }

  /** The remote can take {@code bytes} more. */
  void onWindowUpdate(long bytes) throws ProtocolViolationException {
    sendCredit += bytes;
    if (sendCredit > 0xFFFF_FFFFL) {
      throw new ProtocolViolationException("window of " + sendCredit + " bytes");
    }
    queueForSending();
  }

  /** Whether a data frame could be sent now. */
  boolean hasSomethingToSend() {
    return firstWrite != null && (sendCredit > 0 || queuedBytes == 0);
  }

  private void queueForSending() {
    if (!queued && hasSomethingToSend()) {
      queued = true;
      session.enqueue(this);
    }
  }

  /**
   * The session's turn for this stream: writes one frame, out of as many queued writes as fit.
   *
   * @return the bytes written
   */
  int sendFrame() {
    queued = false;
    if (!hasSomethingToSend()) {
      return 0;
    }
    int length =
        (int) Math.min(Math.min(queuedBytes, sendCredit), session.config().maxFramePayload());
    if (length > 0) {
      session.writeHeader(YamuxFrame.DATA, takeAck(), id, length);
      sendCredit -= length;
      queuedBytes -= length;
    }
    int left = length;
    while (firstWrite != null && firstWrite.data.readableBytes() <= left) {
      left -= firstWrite.data.readableBytes();
      session.writePayload(firstWrite.data);
      session.completeAfterFlush(firstWrite.done);
      firstWrite = firstWrite.next;
    }
    if (left > 0) {
      session.writePayload(firstWrite.data.readRetainedSlice(left));
    }
    if (firstWrite == null) {
      lastWrite = null;
    }
    sendFinWhenDrained();
    queueForSending();
    return length + YamuxFrame.HEADER_LENGTH;
  }

  private void closeWrite(CompletableFuture<Void> done) {
    if (closeWrite != null) {
      forward(closeWrite, done);
    } else if (resetCause != null) {
      done.completeExceptionally(resetCause);
    } else {
      closeWrite = done;
      sendFinWhenDrained();
    }
  }

  private void sendFinWhenDrained() {
    if (closeWrite == null || firstWrite != null || finSent) {
      return;
    }
    finSent = true;
    session.writeControl(YamuxFrame.WINDOW_UPDATE, takeAck() | YamuxFrame.FIN, id, 0);
    endWhenBothClosed();
    closeWrite.complete(null);
  }

  /** The ACK flag for the first frame sent on a stream of the remote, else no flag. */
  private int takeAck() {
    if (initiator || acknowledged) {
      return 0;
    }
    acknowledged = true;
    return YamuxFrame.ACK;
  }

  /**
   * The remote has shown that it knows this stream.
   *
   * @return whether that is news
   */
  boolean acknowledge() {
    boolean first = initiator && !acknowledged;
    acknowledged |= initiator;
    return first;
  }

  // --- Ending ---

  void reset(Throwable cause) {
    if (!ended) {
      session.writeControl(YamuxFrame.WINDOW_UPDATE, YamuxFrame.RST, id, 0);
      if (!remoteClosed) {
        session.expectLateData(window.credit());
      }
      end(cause);
    }
  }

  private void endWhenBothClosed() {
    if (finSent && remoteClosed && waiting == null && !ended) {
      ended = true;
      session.remove(this);
      closed.complete(null);
    }
  }

  /** Ends the stream without a word to the remote. */
  void end(Throwable cause) {
    if (ended) {
      return;
    }
    ended = true;
    resetCause = cause;
    if (waiting != null) {
      waiting.forEach(ByteBuf::release);
      waiting = null;
      session.unreserve(window.held());
    }
    Write unsent = firstWrite;
    firstWrite = null;
    lastWrite = null;
    queuedBytes = 0;
    session.remove(this);
    for (Write write = unsent; write != null; write = write.next) {
      write.data.release();
      write.done.completeExceptionally(cause);
    }
    if (closeWrite != null) {
      closeWrite.completeExceptionally(cause);
    }
    closed.complete(null);
    if (listener != null) {
      try {
        listener.onReset(cause);
      } catch (RuntimeException e) {
        LOG.warn("the listener of {} failed", this, e);
      }
    }
  }

  int id() {
    return id;
  }

  boolean isEnded() {
    return ended;
  }

  boolean isAcknowledged() {
    return acknowledged;
  }

  ReceiveWindow window() {
    return window;
  }

  private static void forward(CompletableFuture<Void> from, CompletableFuture<Void> to) {
    from.whenComplete(
        (value, error) -> {
          if (error == null) {
            to.complete(null);
          } else {
            to.completeExceptionally(error);
          }
        });
  }
}
