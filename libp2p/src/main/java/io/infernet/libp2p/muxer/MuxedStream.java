package io.infernet.libp2p.muxer;

import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletableFuture;

/**
 * One bidirectional, ordered, flow-controlled byte stream of a {@link StreamMuxer}, before any
 * protocol was agreed on it. All methods are safe from any thread and none blocks: calls from other
 * threads are carried out on the connection's event loop, in their order.
 */
public interface MuxedStream {

  /** Receives what happens on a stream: in order, on the event loop; must not block. */
  interface Listener {

    /**
     * Bytes arrived. The listener takes what it reads (by moving the reader index) and sees the
     * rest again: leaving bytes unread stops delivery until {@link MuxedStream#resumeReading} or
     * {@link MuxedStream#listen}, so a listener that is done with its part of the stream can leave
     * the rest to the next one.
     *
     * @param data valid only during the call; what must stay is copied, or taken with {@code
     *     readRetainedSlice}
     */
    void onData(ByteBuf data);

    /** The remote closed its write side, and all its data was delivered. */
    void onRemoteClose();

    /**
     * The stream ended abruptly: it was reset by either side, or its connection ended. Unread data
     * is gone, and nothing follows.
     */
    void onReset(Throwable cause);
  }

  /** Whether this side opened the stream. */
  boolean isInitiator();

  /**
   * Sets who receives what arrives from now on, what still waits first; a close or reset that
   * happened already is told again. Before the first call data waits, bounded by the window.
   */
  void listen(Listener listener);

  /**
   * Queues the readable bytes of {@code data}, which the stream then owns.
   *
   * @return done when the bytes were written to the connection within the remote's window: a writer
   *     that waits for it keeps memory bounded. Fails with {@link
   *     io.infernet.libp2p.host.PeerUnavailableException} when the stream or its connection ended
   *     abruptly, and with {@link IllegalStateException} after {@link #closeWrite} or when more
   *     bytes wait already than the muxer's limit allows.
   */
  CompletableFuture<Void> write(ByteBuf data);

  /**
   * Closes this side for writing once everything queued has left; reading goes on. More calls have
   * no more effect.
   *
   * @return done when the close was written to the connection, failed when the stream ended before
   */
  CompletableFuture<Void> closeWrite();

  /** Ends both directions at once and drops what waits. Does nothing on an ended stream. */
  void reset();

  /** Stops delivery; the remote can send at most the rest of its window. */
  void pauseReading();

  /** Delivers again after {@link #pauseReading} or after a listener left bytes unread. */
  void resumeReading();

  /** Done, never failed, when both directions have ended in whatever way. */
  CompletableFuture<Void> closed();
}
