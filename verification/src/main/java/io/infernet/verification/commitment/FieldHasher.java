package io.infernet.verification.commitment;

import io.infernet.inference.tokenizer.TokenIds;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Feeds SHA-256 with fields that cannot run into each other: numbers are big-endian and of fixed
 * size, everything of variable size follows its length in four bytes, so no two different contents
 * of one form have the same encoding. A tag at the start says what is hashed, so that a hash made
 * for one purpose is none for another. Owned by one thread.
 */
public final class FieldHasher {

  private final MessageDigest digest;

  /** Numbers on their way to the digest, which takes single bytes slowly. */
  private final ByteBuffer waiting = ByteBuffer.allocate(1024);

  /**
   * A hasher that has the tag in it already.
   *
   * @param tag US-ASCII
   */
  public FieldHasher(String tag) {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    bytes(tag.getBytes(StandardCharsets.US_ASCII));
  }

  public void bytes(byte[] value) {
    fourBytes(value.length);
    flush();
    digest.update(value);
  }

  /** The text in UTF-8. */
  public void text(String value) {
    bytes(value.getBytes(StandardCharsets.UTF_8));
  }

  /** Eight bytes, whatever the value. */
  public void number(long value) {
    fourBytes((int) (value >>> 32));
    fourBytes((int) value);
  }

  /** The eight bytes of its IEEE 754 form. */
  public void number(double value) {
    number(Double.doubleToLongBits(value));
  }

  public void tokens(TokenIds ids) {
    fourBytes(ids.size());
    for (int i = 0; i < ids.size(); i++) {
      fourBytes(ids.get(i));
    }
  }

  /** How many there are, and the four bytes of the IEEE 754 form of each. */
  public void floats(float[] values) {
    fourBytes(values.length);
    for (float value : values) {
      fourBytes(Float.floatToIntBits(value));
    }
  }

  private void fourBytes(int value) {
    if (waiting.remaining() < Integer.BYTES) {
      flush();
    }
    waiting.putInt(value);
  }

  private void flush() {
    digest.update(waiting.flip());
    waiting.clear();
  }

  /** The hash of all fields; the hasher is spent. */
  public Hash hash() {
    flush();
    return Hash.fromBytes(digest.digest());
  }
}
