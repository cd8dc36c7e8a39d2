package io.infernet.libp2p.multiformats;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * The name of a piece of content: how to read it (codec) and its hash. An immutable value; versions
 * 0 and 1.
 *
 * @see <a href="https://github.com/multiformats/cid">cid</a>
 */
public final class Cid {

  /** Plain bytes, multicodec table. */
  public static final long RAW = 0x55;

  /** IPFS's protobuf nodes, multicodec table; the only codec of version 0. */
  public static final long DAG_PB = 0x70;

  /** DAG-CBOR, multicodec table. */
  public static final long DAG_CBOR = 0x71;

  /** A libp2p public key, multicodec table; the codec of peer ids written as CIDs. */
  public static final long LIBP2P_KEY = 0x72;

  private static final int V0_TEXT_LENGTH = 46;
  private static final int V0_LENGTH = 34;

  private final int version;
  private final long codec;
  private final Multihash hash;

  private Cid(int version, long codec, Multihash hash) {
    this.version = version;
    this.codec = codec;
    this.hash = Objects.requireNonNull(hash, "hash is null");
  }

  /** A CID of version 1. */
  public static Cid of(long codec, Multihash hash) {
    if (codec < 0) {
      throw new IllegalArgumentException("a codec cannot be negative: " + codec);
    }
    return new Cid(1, codec, hash);
  }

  /** A CID of version 0: {@link #DAG_PB} and SHA-256. */
  public static Cid v0(Multihash hash) {
    if (hash.code() != Multihash.SHA2_256) {
      throw new IllegalArgumentException("a CID of version 0 needs a sha2-256 hash");
    }
    return new Cid(0, DAG_PB, hash);
  }

  /**
   * Reads the text form: base58 of 46 characters starting {@code Qm} for version 0, any {@link
   * Multibase} for version 1.
   *
   * @throws IllegalArgumentException when it is not a CID
   */
  public static Cid parse(String text) {
    try {
      if (text.length() == V0_TEXT_LENGTH && text.startsWith("Qm")) {
        return v0(Multihash.fromBytes(Base58.decode(text)));
      }
      Cid cid = fromBytes(Multibase.decode(text));
      if (cid.version == 0) {
        throw new IllegalArgumentException("a CID of version 0 has no multibase prefix");
      }
      return cid;
    } catch (ProtocolViolationException | IllegalArgumentException e) {
      throw new IllegalArgumentException("not a CID: " + e.getMessage(), e);
    }
  }

  /**
   * Reads the binary form, which fills {@code bytes}.
   *
   * @throws ProtocolViolationException when it is malformed or of another version
   */
  public static Cid fromBytes(byte[] bytes) throws ProtocolViolationException {
    if (bytes.length == V0_LENGTH && bytes[0] == Multihash.SHA2_256 && bytes[1] == 32) {
      return new Cid(0, DAG_PB, Multihash.fromBytes(bytes));
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    long version = Varint.decode(buffer);
    if (version != 1) {
      throw new ProtocolViolationException("unknown CID version " + version);
    }
    long codec = Varint.decode(buffer);
    Multihash hash = Multihash.decode(buffer);
    if (buffer.hasRemaining()) {
      throw new ProtocolViolationException(buffer.remaining() + " bytes follow the CID");
    }
    return new Cid(1, codec, hash);
  }

  public int version() {
    return version;
  }

  public long codec() {
    return codec;
  }

  public Multihash hash() {
    return hash;
  }

  public byte[] toBytes() {
    byte[] multihash = hash.toBytes();
    if (version == 0) {
      return multihash;
    }
    ByteBuffer buffer = ByteBuffer.allocate(1 + Varint.length(codec) + multihash.length);
    Varint.write(version, buffer);
    Varint.write(codec, buffer);
    return buffer.put(multihash).array();
  }

  /** The text of a version 1 CID in another base than the usual base32. */
  public String toString(Multibase base) {
    if (version == 0) {
      throw new IllegalStateException("a CID of version 0 is always base58");
    }
    return base.encode(toBytes());
  }

  @Override
  public String toString() {
    return version == 0 ? Base58.encode(toBytes()) : toString(Multibase.BASE32);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Cid that
        && version == that.version
        && codec == that.codec
        && hash.equals(that.hash);
  }

  @Override
  public int hashCode() {
    return Objects.hash(version, codec, hash);
  }
}
