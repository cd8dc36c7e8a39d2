package io.infernet.libp2p.host;

/**
 * Receives what happens on one {@link MessageStream}. All calls come in order on the stream's
 * executor, one at a time.
 *
 * @param <M> the protocol's messages
 */
public interface MessageListener<M> {

  /** A whole message arrived. */
  void onMessage(M message);

  /** The remote peer closed its write side after a whole message: no more will come. */
  void onRemoteClose();

  /**
   * The stream ended abruptly; nothing follows.
   *
   * @param cause a {@link ProtocolViolationException} when it was reset here because of what the
   *     remote sent
   */
  void onReset(Throwable cause);
}
