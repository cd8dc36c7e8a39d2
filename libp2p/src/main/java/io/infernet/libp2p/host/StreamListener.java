package io.infernet.libp2p.host;

import java.nio.ByteBuffer;

/**
 * Receives what happens on one {@link Stream}. All calls come in order on the connection's event
 * loop and must not block. After {@link #onReset} nothing follows.
 */
public interface StreamListener {

  /**
   * Bytes arrived.
   *
   * @param data valid only during the call; copy what must stay
   */
  void onData(ByteBuffer data);

  /** The remote peer closed its write side: no more data will come. */
  void onRemoteClose();

  /**
   * The stream ended abruptly: reset by either side, or its connection closed.
   *
   * @param cause why, in words fit for a log
   */
  void onReset(Throwable cause);
}
