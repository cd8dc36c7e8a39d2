package io.infernet.libp2p.muxer.yamux;

import java.time.Duration;

/**
 * The limits and periods of a {@link YamuxSession}. Byte limits on what is received hold for what a
 * remote can make this side store; a connection's peak is {@code maxBufferedBytes}.
 *
 * @param maxInboundStreams open streams the remote may have; further ones are reset
 * @param maxOutboundStreams open streams this side may have; further ones wait
 * @param maxUnackedStreams streams opened here that the remote has not answered yet; further ones
 *     wait (the specification's ACK backlog)
 * @param maxWaitingOpens how many requests for a stream may wait
 * @param maxStreamWindow bytes to which the receive window of one stream may grow
 * @param maxWindowGrowth bytes by which the windows of all streams together may exceed their
 *     initial size
 * @param maxBufferedBytes received bytes that all streams together may hold unread; a stream that
 *     would exceed it is reset
 * @param maxQueuedBytes bytes that may wait to be sent on one stream; a single larger write is
 *     taken when nothing else waits
 * @param maxFramePayload largest payload of a frame that is sent, in bytes
 * @param maxPingsPerSecond pings of the remote that are answered; more are a violation
 * @param maxUnsentControlBytes bytes of frames other than data that may be made while the remote
 *     does not read
 * @param keepAliveInterval time between a pong and the next ping
 * @param keepAliveTimeout silence after a ping that ends the session
 */
public record YamuxConfig(
    int maxInboundStreams,
    int maxOutboundStreams,
    int maxUnackedStreams,
    int maxWaitingOpens,
    int maxStreamWindow,
    int maxWindowGrowth,
    int maxBufferedBytes,
    int maxQueuedBytes,
    int maxFramePayload,
    int maxPingsPerSecond,
    int maxUnsentControlBytes,
    Duration keepAliveInterval,
    Duration keepAliveTimeout) {

  /** Bytes of every stream's window before any update, §Flow Control. */
  public static final int INITIAL_WINDOW = 256 * 1024;

  private static final int KIB = 1024;
  private static final int MIB = 1024 * KIB;

  public YamuxConfig {
    atLeast(0, maxInboundStreams, "maxInboundStreams");
    atLeast(1, maxOutboundStreams, "maxOutboundStreams");
    atLeast(1, maxUnackedStreams, "maxUnackedStreams");
    atLeast(0, maxWaitingOpens, "maxWaitingOpens");
    atLeast(INITIAL_WINDOW, maxStreamWindow, "maxStreamWindow");
    atLeast(0, maxWindowGrowth, "maxWindowGrowth");
    atLeast(maxStreamWindow, maxBufferedBytes, "maxBufferedBytes");
    atLeast(1, maxQueuedBytes, "maxQueuedBytes");
    atLeast(1, maxFramePayload, "maxFramePayload");
    atLeast(1, maxPingsPerSecond, "maxPingsPerSecond");
    atLeast(KIB, maxUnsentControlBytes, "maxUnsentControlBytes");
    positive(keepAliveInterval, "keepAliveInterval");
    positive(keepAliveTimeout, "keepAliveTimeout");
  }

  /** Settings for a node on the open network. */
  public static YamuxConfig defaults() {
    return new YamuxConfig(
        /* maxInboundStreams= */ 1024,
        // rust-yamux ends a connection with more than 512 streams.
        /* maxOutboundStreams= */ 512,
        // libp2p yamux, §ACK backlog.
        /* maxUnackedStreams= */ 256,
        /* maxWaitingOpens= */ 1024,
        /* maxStreamWindow= */ 16 * MIB,
        /* maxWindowGrowth= */ 32 * MIB,
        /* maxBufferedBytes= */ 64 * MIB,
        /* maxQueuedBytes= */ 16 * MIB,
        // With its header one whole Noise message: 65,535 bytes less the 16 of its tag.
        /* maxFramePayload= */ 65_519 - YamuxFrame.HEADER_LENGTH,
        /* maxPingsPerSecond= */ 64,
        /* maxUnsentControlBytes= */ 256 * KIB,
        Duration.ofSeconds(30),
        Duration.ofSeconds(20));
  }

  private static void atLeast(int least, int value, String name) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", not " + value);
    }
  }

  private static void positive(Duration value, String name) {
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException(name + " must be positive, not " + value);
    }
  }
}
