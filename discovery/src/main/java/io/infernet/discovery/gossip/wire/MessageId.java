package io.infernet.discovery.gossip.wire;

import java.util.Arrays;
import java.util.HexFormat;

/** What a message is called in gossip: bytes made by a {@link MessageIdFunction}. A value. */
public final class MessageId {

  private final byte[] bytes;
  private final int hash;

  private MessageId(byte[] bytes) {
    this.bytes = bytes;
    this.hash = Arrays.hashCode(bytes);
  }

  public static MessageId of(byte[] bytes) {
    return new MessageId(bytes.clone());
  }

  /** Takes an array that nobody else changes. */
  static MessageId ofOwned(byte[] bytes) {
    return new MessageId(bytes);
  }

  public byte[] toBytes() {
    return bytes.clone();
  }

  /** The bytes themselves, not to be changed. */
  byte[] raw() {
    return bytes;
  }

  public int length() {
    return bytes.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MessageId that && hash == that.hash && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  /** In hexadecimal. */
  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes);
  }
}
