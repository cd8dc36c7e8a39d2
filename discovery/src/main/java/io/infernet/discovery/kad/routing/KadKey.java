package io.infernet.discovery.kad.routing;

import io.infernet.libp2p.peer.PeerId;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A place in the key space: the SHA-256 of a peer id, a multihash or the key of a value. The
 * distance of two places is their XOR, read as an unsigned number. An immutable value.
 *
 * @see <a
 *     href="https://github.com/libp2p/specs/blob/master/kad-dht/README.md#distance">distance</a>
 */
public final class KadKey {

  /** Bits of a key. */
  public static final int BITS = 256;

  /** Never fed, only cloned: looking up the algorithm costs more than a digest. */
  private static final MessageDigest SHA256 = sha256();

  private final long w0;
  private final long w1;
  private final long w2;
  private final long w3;

  private KadKey(long w0, long w1, long w2, long w3) {
    this.w0 = w0;
    this.w1 = w1;
    this.w2 = w2;
    this.w3 = w3;
  }

  /** The place of what these bytes name. */
  public static KadKey of(byte[] name) {
    try {
      return ofDigest(((MessageDigest) SHA256.clone()).digest(name));
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("the JDK's SHA-256 can be cloned", e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** The place of a peer. */
  public static KadKey of(PeerId peer) {
    return of(peer.toBytes());
  }

  /**
   * @param digest 32 bytes
   */
  public static KadKey ofDigest(byte[] digest) {
    if (digest.length != BITS / 8) {
      throw new IllegalArgumentException("a key has 32 bytes, not " + digest.length);
    }
    ByteBuffer bytes = ByteBuffer.wrap(digest);
    return new KadKey(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
  }

  /** How many leading bits two keys share, 0 to {@value #BITS}. */
  public int commonPrefixLength(KadKey other) {
    long x = w0 ^ other.w0;
    if (x != 0) {
      return Long.numberOfLeadingZeros(x);
    }
    x = w1 ^ other.w1;
    if (x != 0) {
      return 64 + Long.numberOfLeadingZeros(x);
    }
    x = w2 ^ other.w2;
    if (x != 0) {
      return 128 + Long.numberOfLeadingZeros(x);
    }
    x = w3 ^ other.w3;
    return 192 + Long.numberOfLeadingZeros(x);
  }

  /** Negative when {@code one} is closer to this key than {@code other}, positive when farther. */
  public int compareDistances(KadKey one, KadKey other) {
    int order = Long.compareUnsigned(w0 ^ one.w0, w0 ^ other.w0);
    if (order == 0) {
      order = Long.compareUnsigned(w1 ^ one.w1, w1 ^ other.w1);
    }
    if (order == 0) {
      order = Long.compareUnsigned(w2 ^ one.w2, w2 ^ other.w2);
    }
    if (order == 0) {
      order = Long.compareUnsigned(w3 ^ one.w3, w3 ^ other.w3);
    }
    return order;
  }

  /** The distance as a part of the key space, 0 to below 1. */
  public double distance(KadKey other) {
    return ((w0 ^ other.w0) >>> 11) * 0x1p-53;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KadKey that
        && w0 == that.w0
        && w1 == that.w1
        && w2 == that.w2
        && w3 == that.w3;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(w0);
  }

  /** 64 hexadecimal digits. */
  @Override
  public String toString() {
    HexFormat hex = HexFormat.of();
    return hex.toHexDigits(w0) + hex.toHexDigits(w1) + hex.toHexDigits(w2) + hex.toHexDigits(w3);
  }
}
