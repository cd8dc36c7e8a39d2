package io.infernet.libp2p.host;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * One bidirectional, ordered, flow-controlled byte stream with an agreed protocol. All methods are
 * safe from any thread and none blocks.
 */
public interface Stream {

  Connection connection();

  ProtocolId protocol();

  /** Whether this side opened the stream. */
  boolean isInitiator();

  /**
   * Sets who receives what arrives; called exactly once. What arrived before is delivered first.
   *
   * @throws IllegalStateException when called twice
   */
  void listen(StreamListener listener);

  /**
   * Queues all remaining bytes of {@code data}, which the caller must not change until the future
   * is done.
   *
   * @return done when the bytes were handed to the transport within the remote's window: a writer
   *     that waits for it before it sends more keeps memory bounded. Fails with {@link
   *     PeerUnavailableException} when the stream was reset or its connection closed, and with
   *     {@link IllegalStateException} after {@link #closeWrite}.
   */
  CompletableFuture<Void> send(ByteBuffer data);

  /**
   * Closes this side for writing once everything sent has left; reading goes on.
   *
   * @return done when the close was handed to the transport
   */
  CompletableFuture<Void> closeWrite();

  /** Ends both directions at once and drops what waits. Does nothing on an ended stream. */
  void reset();

  /** Stops delivery; the remote can send at most one window more. */
  void pauseReading();

  /** Delivers again after {@link #pauseReading}. */
  void resumeReading();

  /** Done, never failed, when both directions have ended in whatever way. */
  CompletableFuture<Void> closed();
}
