package io.infernet.libp2p.muxer;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * What a muxer sees of the secured connection under it: the way out for its bytes, and the event
 * loop on which everything of the connection happens. Only {@link #inEventLoop} and {@link
 * #execute} may be called from other threads.
 *
 * <p>A pipe never calls back into the muxer from within {@link #write} or {@link #close}; from
 * {@link #flush} it may report that it is writable again.
 */
public interface BytePipe {

  /** Whether the caller runs on the connection's event loop. */
  boolean inEventLoop();

  /** Runs {@code task} on the event loop, after the tasks given before. */
  void execute(Runnable task);

  ByteBufAllocator alloc();

  /** Takes bytes, which it then owns, and sends them at the next {@link #flush} at the latest. */
  void write(ByteBuf bytes);

  void flush();

  /**
   * Whether more bytes are welcome. When it turns true again the muxer's {@link
   * StreamMuxer#writabilityChanged} is called.
   */
  boolean isWritable();

  /** Sends what was written, as far as the remote takes it in reasonable time, and closes. */
  void close(Throwable cause);
}
