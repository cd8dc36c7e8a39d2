package io.infernet.discovery.gossip.wire;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Makes an author's messages under the policy StrictSign: with the author's peer id, a number that
 * grows, and a signature. Safe from any thread.
 *
 * <p>Numbers begin at the wall clock's nanoseconds, as in other implementations, so that they go on
 * growing after a restart without being stored.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/pubsub/README.md#message-signing">
 *     pubsub, "Message Signing"</a>
 */
public final class MessageSigner {

  private final PrivateKey key;
  private final PeerId author;
  private final boolean sendsKey;
  private final AtomicLong sequence;

  public MessageSigner(PrivateKey key, Clock clock) {
    this.key = key;
    this.author = PeerId.of(key.publicKey());
    this.sendsKey = author.publicKey().isEmpty();
    Instant now = clock.instant();
    this.sequence = new AtomicLong(TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano());
  }

  public PeerId author() {
    return author;
  }

  /** A new message with the next number. */
  public PublishedMessage sign(String topic, byte[] data) {
    PublishedMessage message =
        PublishedMessage.of(
            ByteBuffer.wrap(author.toBytes()),
            ByteBuffer.wrap(data),
            ByteBuffer.allocate(Long.BYTES).putLong(sequence.incrementAndGet()).flip(),
            topic,
            null,
            null);
    return message.signed(
        key.sign(message.signedBytes()), sendsKey ? key.publicKey().toProtobuf() : null);
  }
}
