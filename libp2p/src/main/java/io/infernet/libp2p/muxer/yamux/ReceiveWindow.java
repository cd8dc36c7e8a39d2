package io.infernet.libp2p.muxer.yamux;

import io.infernet.libp2p.host.ProtocolViolationException;

/**
 * How much one stream may still receive. Every byte of the window is in one of four places: credit
 * (the remote may send it), awaited (announced by the header of the frame that is arriving), held
 * (arrived, not read), and read, which is given back to the remote as new credit.
 *
 * <p>The window doubles when the remote used half of it within a few round trips, for then the
 * window and not the link or the reader was what limited the speed. This is the rule of QUIC, which
 * go-yamux and js-libp2p use with the same factor.
 */
final class ReceiveWindow {

  /** Half a window in fewer round trips than this: too small. The value of go-yamux. */
  private static final int GROWTH_ROUND_TRIPS = 4;

  private int size = YamuxConfig.INITIAL_WINDOW;
  private int credit = YamuxConfig.INITIAL_WINDOW;
  private int awaited;
  private int held;
  private long lastGrant;

  ReceiveWindow(long now) {
    lastGrant = now;
  }

  /** A frame with {@code length} bytes is about to arrive. */
  void announce(long length) throws ProtocolViolationException {
    if (length > credit) {
      throw new ProtocolViolationException(
          "%d bytes for a window with room for %d".formatted(length, credit));
    }
    credit -= (int) length;
    awaited = (int) length;
  }

  /** Some of the announced bytes are here. */
  void arrived(int bytes) {
    awaited -= bytes;
    held += bytes;
  }

  /** The stream's user read some of the held bytes. */
  void read(int bytes) {
    held -= bytes;
  }

  /**
   * The bytes by which the remote's credit should rise now, 0 when it is too early for an update;
   * they count as given.
   *
   * @param now in nanoseconds
   * @param roundTripTime in nanoseconds, negative when unknown
   * @param largest how large the window may become at most
   */
  int grant(long now, long roundTripTime, long largest) {
    if (due() < size / 2) {
      return 0;
    }
    if (roundTripTime >= 0 && now - lastGrant <= GROWTH_ROUND_TRIPS * roundTripTime) {
      size = (int) Math.max(size, Math.min(2L * size, largest));
    }
    lastGrant = now;
    int due = due();
    credit += due;
    return due;
  }

  private int due() {
    return size - credit - awaited - held;
  }

  /** By how much the window exceeds its initial size. */
  int growth() {
    return size - YamuxConfig.INITIAL_WINDOW;
  }

  /** Bytes the remote may still send. */
  int credit() {
    return credit;
  }

  /** Bytes that arrived and were not read. */
  int held() {
    return held;
  }
}
