package io.infernet.libp2p.host;

import java.nio.ByteBuffer;

/**
 * Turns one protocol's messages into bytes and back, without the length prefix, which {@link
 * MessageStream} writes and reads. Stateless and safe from any thread.
 *
 * @param <M> the protocol's messages, usually a sealed interface of records
 */
public interface MessageCodec<M> {

  /** Largest encoded message in bytes; a longer one is neither sent nor read. */
  int maxMessageSize();

  /** The message's bytes, between position and limit of a buffer that the caller owns. */
  ByteBuffer encode(M message);

  /**
   * Reads a message from all remaining bytes of {@code bytes}, which are valid only during the
   * call.
   *
   * @throws ProtocolViolationException when they are no message of this protocol
   */
  M decode(ByteBuffer bytes) throws ProtocolViolationException;
}
