package io.infernet.discovery.gossip.wire;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Checks messages under the policy StrictSign: an author, a number of 8 bytes and the author's
 * signature must be there and right. Remembers the keys of the authors that were right last, since
 * reading a key costs as much as a part of checking with it. Safe from any thread.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/pubsub/README.md#message-signing">
 *     pubsub, "Message Signing"</a>
 */
public final class MessageVerifier {

  private final int maxKeys;
  private final Map<PeerId, PublicKey> keys = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * @param maxKeys authors whose keys are remembered, 1 or more
   */
  public MessageVerifier(int maxKeys) {
    if (maxKeys < 1) {
      throw new IllegalArgumentException("maxKeys is below 1: " + maxKeys);
    }
    this.maxKeys = maxKeys;
  }

  /** The author, when the message is signed as StrictSign says; empty when it is not. */
  public Optional<PeerId> verify(PublishedMessage message) {
    PeerId author = message.author().orElse(null);
    byte[] signature = message.signature().orElse(null);
    if (author == null || signature == null || message.sequence().length != Long.BYTES) {
      return Optional.empty();
    }
    PublicKey key = keyOf(author, message).orElse(null);
    if (key == null || !key.verify(message.signedBytes(), signature)) {
      return Optional.empty();
    }
    remember(author, key);
    return Optional.of(author);
  }

  /** A key that came along counts only when it is the author's, even if it is not needed. */
  private Optional<PublicKey> keyOf(PeerId author, PublishedMessage message) {
    PublicKey known = known(author);
    byte[] sent = message.key().orElse(null);
    if (known != null && (sent == null || Arrays.equals(known.toProtobuf(), sent))) {
      return Optional.of(known);
    }
    if (sent == null) {
      return author.publicKey();
    }
    try {
      return Optional.of(PublicKey.fromProtobuf(sent)).filter(author::matches);
    } catch (ProtocolViolationException e) {
      return Optional.empty();
    }
  }

  private synchronized @Nullable PublicKey known(PeerId author) {
    return keys.get(author);
  }

  private synchronized void remember(PeerId author, PublicKey key) {
    keys.put(author, key);
    if (keys.size() > maxKeys) {
      keys.remove(keys.keySet().iterator().next());
    }
  }
}
