package io.infernet.discovery.gossip.wire;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Varint;
import io.infernet.libp2p.peer.PeerId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One message as its author published it, in its encoded form, so that it is forwarded without
 * being encoded again. The encoding is the canonical one: fields in the order of their numbers,
 * each at most once, none unknown. Whatever form a message came in, exactly what its signature
 * covers goes on. An immutable value.
 *
 * <p>Says nothing of the signature, which {@link MessageVerifier} checks.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/pubsub/README.md#the-message">pubsub,
 *     "The Message"</a>
 */
public final class PublishedMessage {

  /** Field 1 of the protobuf. */
  private static final int FROM = 0x0a;

  private static final int DATA = 0x12;
  private static final int SEQUENCE = 0x1a;
  private static final int TOPIC = 0x22;
  private static final int SIGNATURE = 0x2a;
  private static final int KEY = 0x32;

  /** What stands before the message when it is signed, pubsub "Message Signing". */
  private static final byte[] SIGN_PREFIX = "libp2p-pubsub:".getBytes(StandardCharsets.US_ASCII);

  private final String topic;
  private final byte[] encoded;
  private final @Nullable Range from;
  private final @Nullable Range data;
  private final @Nullable Range sequence;
  private final @Nullable Range signature;
  private final @Nullable Range key;

  /** Where the signature and the key begin, which the signature does not cover. */
  private final int signedLength;

  private @Nullable PeerId author;

  private record Range(int offset, int length) {}

  /**
   * Null stands for a field that is not there, which is another thing to a signature than an empty
   * one. An empty topic is always left out.
   */
  static PublishedMessage of(
      @Nullable ByteBuffer from,
      @Nullable ByteBuffer data,
      @Nullable ByteBuffer sequence,
      String topic,
      @Nullable ByteBuffer signature,
      @Nullable ByteBuffer key) {
    byte[] topicBytes = topic.getBytes(StandardCharsets.UTF_8);
    int size = size(from) + size(data) + size(sequence) + size(signature) + size(key);
    if (topicBytes.length > 0) {
      size += 1 + Varint.length(topicBytes.length) + topicBytes.length;
    }
    return new PublishedMessage(
        ByteBuffer.allocate(size), from, data, sequence, topic, topicBytes, signature, key);
  }

  private PublishedMessage(
      ByteBuffer buffer,
      @Nullable ByteBuffer from,
      @Nullable ByteBuffer data,
      @Nullable ByteBuffer sequence,
      String topic,
      byte[] topicBytes,
      @Nullable ByteBuffer signature,
      @Nullable ByteBuffer key) {
    this.topic = topic;
    this.encoded = buffer.array();
    this.from = put(buffer, FROM, from);
    this.data = put(buffer, DATA, data);
    this.sequence = put(buffer, SEQUENCE, sequence);
    if (topicBytes.length > 0) {
      put(buffer, TOPIC, ByteBuffer.wrap(topicBytes));
    }
    this.signedLength = buffer.position();
    this.signature = put(buffer, SIGNATURE, signature);
    this.key = put(buffer, KEY, key);
  }

  private static int size(@Nullable ByteBuffer field) {
    return field == null ? 0 : 1 + Varint.length(field.remaining()) + field.remaining();
  }

  private static @Nullable Range put(ByteBuffer buffer, int tag, @Nullable ByteBuffer field) {
    if (field == null) {
      return null;
    }
    buffer.put((byte) tag);
    Varint.write(field.remaining(), buffer);
    Range range = new Range(buffer.position(), field.remaining());
    buffer.put(field.duplicate());
    return range;
  }

  /** The same message with a signature, and a key where the author's id does not contain it. */
  PublishedMessage signed(byte[] newSignature, byte @Nullable [] newKey) {
    return of(
        slice(from),
        slice(data),
        slice(sequence),
        topic,
        ByteBuffer.wrap(newSignature),
        newKey == null ? null : ByteBuffer.wrap(newKey));
  }

  public String topic() {
    return topic;
  }

  /** The content, a read-only view; empty when there is none. */
  public ByteBuffer data() {
    ByteBuffer view = slice(data);
    return view == null ? ByteBuffer.allocate(0) : view;
  }

  /** Bytes of the content. */
  public int dataSize() {
    return data == null ? 0 : data.length();
  }

  /** Who says to have written it, where that is a peer id. */
  public Optional<PeerId> author() {
    if (author == null && from != null) {
      try {
        author = PeerId.fromBytes(bytes(from));
      } catch (ProtocolViolationException e) {
        return Optional.empty();
      }
    }
    return Optional.ofNullable(author);
  }

  /** The author's field as it came; empty when there is none. */
  public byte[] from() {
    return bytes(from);
  }

  /** The author's number of the message, 8 bytes in a signed one; empty when there is none. */
  public byte[] sequence() {
    return bytes(sequence);
  }

  public Optional<byte[]> signature() {
    return signature == null ? Optional.empty() : Optional.of(bytes(signature));
  }

  /** The author's public key in its protobuf, where it came along. */
  public Optional<byte[]> key() {
    return key == null ? Optional.empty() : Optional.of(bytes(key));
  }

  /** Whether any field of a signed message is there: author, number, signature or key. */
  public boolean namesAuthor() {
    return from != null || sequence != null || signature != null || key != null;
  }

  /** The whole message, a read-only view. */
  public ByteBuffer encoded() {
    return ByteBuffer.wrap(encoded).asReadOnlyBuffer();
  }

  /** Bytes of the whole message. */
  public int encodedSize() {
    return encoded.length;
  }

  /** The encoding itself, not to be changed. */
  byte[] raw() {
    return encoded;
  }

  /** What the author signs. */
  byte[] signedBytes() {
    byte[] bytes = Arrays.copyOf(SIGN_PREFIX, SIGN_PREFIX.length + signedLength);
    System.arraycopy(encoded, 0, bytes, SIGN_PREFIX.length, signedLength);
    return bytes;
  }

  private @Nullable ByteBuffer slice(@Nullable Range range) {
    return range == null
        ? null
        : ByteBuffer.wrap(encoded, range.offset(), range.length()).slice().asReadOnlyBuffer();
  }

  private byte[] bytes(@Nullable Range range) {
    return range == null
        ? new byte[0]
        : Arrays.copyOfRange(encoded, range.offset(), range.offset() + range.length());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PublishedMessage that && Arrays.equals(encoded, that.encoded);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(encoded);
  }

  /** Topic, size and author. */
  @Override
  public String toString() {
    return dataSize() + " bytes on " + topic + author().map(peer -> " by " + peer).orElse("");
  }
}
