package io.infernet.discovery.gossip.wire;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multihash;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Makes the id under which a message is remembered and offered. All peers of a topic must use the
 * same. Called before the signature is checked: an id that somebody forged must not be remembered.
 *
 * @see <a
 *     href="https://github.com/libp2p/specs/blob/master/pubsub/README.md#message-identification">
 *     pubsub, "Message Identification"</a>
 */
@FunctionalInterface
public interface MessageIdFunction {

  /** The author's peer id, then its number: the default of the specification. */
  MessageIdFunction DEFAULT = message -> concat(message.from(), message.sequence());

  /** The author's public key in its protobuf, then its number: the default of js-libp2p. */
  MessageIdFunction PUBLIC_KEY = message -> concat(publicKey(message), message.sequence());

  /** SHA-256 of the content: equal contents are one message. */
  MessageIdFunction CONTENT =
      message -> {
        MessageDigest digest = sha256();
        digest.update(message.data());
        return MessageId.ofOwned(digest.digest());
      };

  MessageId idOf(PublishedMessage message);

  private static MessageId concat(byte[] first, byte[] second) {
    return MessageId.ofOwned(
        ByteBuffer.allocate(first.length + second.length).put(first).put(second).array());
  }

  /** The key that the author's id contains, else the one that came along. */
  private static byte[] publicKey(PublishedMessage message) {
    try {
      Multihash hash = Multihash.fromBytes(message.from());
      if (hash.code() == Multihash.IDENTITY) {
        return hash.digest();
      }
    } catch (ProtocolViolationException e) {
      // Not a peer id: the signature will be found wanting.
    }
    return message.key().orElseGet(message::from);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
