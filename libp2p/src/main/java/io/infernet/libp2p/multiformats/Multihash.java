package io.infernet.libp2p.multiformats;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * A digest that says which function made it: varint code, varint length, digest. An immutable
 * value.
 *
 * <p>Functions other than identity and sha2-256 are carried but cannot be computed here.
 *
 * @see <a href="https://github.com/multiformats/multihash">multihash</a>
 */
public final class Multihash {

  /** Code of the identity function, multicodec table. */
  public static final long IDENTITY = 0x00;

  /** Code of SHA-256, multicodec table. */
  public static final long SHA2_256 = 0x12;

  /** Longest digest in bytes; the limit that go-multihash and IPFS set for identity digests. */
  public static final int MAX_DIGEST_LENGTH = 128;

  private static final int SHA2_256_LENGTH = 32;

  private final long code;
  private final byte[] digest;

  private Multihash(long code, byte[] digest) {
    this.code = code;
    this.digest = digest;
  }

  /**
   * A multihash of a digest that was computed before.
   *
   * @throws IllegalArgumentException when the digest has the wrong length for the function or more
   *     than {@link #MAX_DIGEST_LENGTH} bytes
   */
  public static Multihash of(long code, byte[] digest) {
    if (code < 0) {
      throw new IllegalArgumentException("a multihash code cannot be negative: " + code);
    }
    if (!isLengthValid(code, digest.length)) {
      throw new IllegalArgumentException(lengthMessage(code, digest.length));
    }
    return new Multihash(code, digest.clone());
  }

  /** {@code data} itself, at most {@link #MAX_DIGEST_LENGTH} bytes. */
  public static Multihash identity(byte[] data) {
    return of(IDENTITY, data);
  }

  /** The SHA-256 of {@code data}. */
  public static Multihash sha256(byte[] data) {
    try {
      return new Multihash(SHA2_256, MessageDigest.getInstance("SHA-256").digest(data));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * Reads a multihash that fills {@code bytes}.
   *
   * @throws ProtocolViolationException when it is malformed or bytes follow it
   */
  public static Multihash fromBytes(byte[] bytes) throws ProtocolViolationException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    Multihash multihash = decode(buffer);
    if (buffer.hasRemaining()) {
      throw new ProtocolViolationException(buffer.remaining() + " bytes follow the multihash");
    }
    return multihash;
  }

  /**
   * Reads a multihash and leaves the buffer behind it.
   *
   * @throws ProtocolViolationException when it is malformed
   */
  public static Multihash decode(ByteBuffer buffer) throws ProtocolViolationException {
    long code = Varint.decode(buffer);
    long length = Varint.decode(buffer);
    if (!isLengthValid(code, length)) {
      throw new ProtocolViolationException(lengthMessage(code, length));
    }
    if (length > buffer.remaining()) {
      throw new ProtocolViolationException("multihash is cut short");
    }
    byte[] digest = new byte[(int) length];
    buffer.get(digest);
    return new Multihash(code, digest);
  }

  public long code() {
    return code;
  }

  public byte[] digest() {
    return digest.clone();
  }

  public byte[] toBytes() {
    ByteBuffer buffer =
        ByteBuffer.allocate(Varint.length(code) + Varint.length(digest.length) + digest.length);
    Varint.write(code, buffer);
    Varint.write(digest.length, buffer);
    return buffer.put(digest).array();
  }

  private static boolean isLengthValid(long code, long length) {
    return code == SHA2_256 ? length == SHA2_256_LENGTH : length <= MAX_DIGEST_LENGTH;
  }

  private static String lengthMessage(long code, long length) {
    return String.format("a digest of function 0x%x cannot have %d bytes", code, length);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Multihash that
        && code == that.code
        && Arrays.equals(digest, that.digest);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(code) * 31 + Arrays.hashCode(digest);
  }

  /** The base58 text of the bytes. */
  @Override
  public String toString() {
    return Base58.encode(toBytes());
  }
}
