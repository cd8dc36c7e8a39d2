package io.infernet.libp2p.muxer;

import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Carries many {@link MuxedStream}s over one {@link BytePipe}. Methods are safe from any thread,
 * but for the ones of the pipe ({@link #start}, {@link #receive}, {@link #writabilityChanged},
 * {@link #pipeClosed}), which belong to its event loop.
 */
public interface StreamMuxer {

  /** Begins to work: sends what opens the session and starts its timers. Called once. */
  void start();

  /** Takes bytes from the remote, in any fragments; the muxer owns {@code bytes}. */
  void receive(ByteBuf bytes);

  /** Hears that {@link BytePipe#isWritable} changed. */
  void writabilityChanged();

  /** Hears that the pipe is closed: all streams are reset. */
  void pipeClosed(Throwable cause);

  /**
   * Opens a stream. It can be written to at once, without a round trip. When limits on open streams
   * are reached the stream opens later, as others close or are acknowledged.
   *
   * @return fails with {@link io.infernet.libp2p.host.PeerUnavailableException} when the session
   *     ended or is ending, or too many requests wait already
   */
  CompletableFuture<MuxedStream> openStream();

  /** How many streams are open, both directions. */
  int streamCount();

  /** Whether neither side has said that it wants no more streams. */
  boolean acceptsStreams();

  /** The last measure of the round trip to the remote; empty before the first. */
  Optional<Duration> roundTripTime();

  /**
   * Tells the remote that no more streams are wanted and refuses new ones. Open streams go on, and
   * the session closes after the last; some remotes end them all at once though, js-libp2p for one.
   */
  void goAway();

  /** Says goodbye to the remote, resets all streams and closes the pipe. */
  void close(Throwable cause);

  /**
   * Done, never failed, when the session has ended, with the reason: a {@link
   * io.infernet.libp2p.host.ProtocolViolationException} when the remote broke the rules.
   */
  CompletableFuture<Throwable> closed();
}
