package io.infernet.libp2p.peer;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Varint;
import java.nio.ByteBuffer;

/**
 * The protobuf around a key. Its encoding must be deterministic (peer-ids.md "Keys"), so exactly
 * one form is written and accepted: type, then data, both minimal, nothing else. Written out by
 * hand because the protobuf runtime would accept more and takes time to load.
 */
record KeyEnvelope(KeyType type, byte[] data) {

  /** Field 1, varint. */
  private static final byte TYPE_TAG = 0x08;

  /** Field 2, length-delimited. */
  private static final byte DATA_TAG = 0x12;

  byte[] toBytes() {
    ByteBuffer buffer = ByteBuffer.allocate(3 + Varint.length(data.length) + data.length);
    buffer.put(TYPE_TAG).put((byte) type.code()).put(DATA_TAG);
    Varint.write(data.length, buffer);
    return buffer.put(data).array();
  }

  static KeyEnvelope fromBytes(byte[] bytes, int maxLength) throws ProtocolViolationException {
    if (bytes.length > maxLength) {
      throw new ProtocolViolationException(
          "key has " + bytes.length + " bytes, at most " + maxLength);
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    requireTag(buffer, TYPE_TAG);
    KeyType type = KeyType.ofCode(Varint.decode(buffer));
    requireTag(buffer, DATA_TAG);
    long length = Varint.decode(buffer);
    if (length != buffer.remaining()) {
      throw new ProtocolViolationException(
          "key data has " + buffer.remaining() + " bytes instead of " + length);
    }
    byte[] data = new byte[(int) length];
    buffer.get(data);
    return new KeyEnvelope(type, data);
  }

  private static void requireTag(ByteBuffer buffer, byte tag) throws ProtocolViolationException {
    if (!buffer.hasRemaining() || buffer.get() != tag) {
      throw new ProtocolViolationException("key is not in its deterministic protobuf encoding");
    }
  }
}
