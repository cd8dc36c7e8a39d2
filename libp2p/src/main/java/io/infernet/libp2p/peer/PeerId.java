package io.infernet.libp2p.peer;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Base58;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import java.util.Arrays;
import java.util.Optional;

/**
 * The name of a peer: the multihash of its public key. An immutable value, ordered by its bytes.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md">peer-ids</a>
 */
public final class PeerId implements Comparable<PeerId> {

  /** Longest key protobuf that a peer id contains instead of hashing it, peer-ids.md "Peer Ids". */
  public static final int MAX_INLINE_KEY_LENGTH = 42;

  private final byte[] bytes;

  /** Computed when first needed, as a string's is; zero until then. Peer ids are keys of maps. */
  private int hash;

  private PeerId(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The peer that holds the private half of {@code key}. */
  public static PeerId of(PublicKey key) {
    byte[] protobuf = key.toProtobuf();
    Multihash hash =
        protobuf.length <= MAX_INLINE_KEY_LENGTH
            ? Multihash.identity(protobuf)
            : Multihash.sha256(protobuf);
    return new PeerId(hash.toBytes());
  }

  /**
   * Reads either text form: base58 of the multihash, or a CID.
   *
   * @throws IllegalArgumentException with a message for the user when it is neither
   */
  public static PeerId parse(String text) {
    try {
      if (text.startsWith("1") || text.startsWith("Qm")) {
        return fromBytes(Base58.decode(text));
      }
      Cid cid = Cid.parse(text);
      if (cid.codec() != Cid.LIBP2P_KEY) {
        throw new IllegalArgumentException("the CID does not name a libp2p key");
      }
      return of(cid.hash());
    } catch (ProtocolViolationException | IllegalArgumentException e) {
      throw new IllegalArgumentException("not a peer id: " + e.getMessage(), e);
    }
  }

  /**
   * Reads the multihash.
   *
   * @throws ProtocolViolationException when it is malformed, of another function than identity and
   *     sha2-256, or longer than a peer id can be
   */
  public static PeerId fromBytes(byte[] bytes) throws ProtocolViolationException {
    return of(Multihash.fromBytes(bytes));
  }

  private static PeerId of(Multihash hash) throws ProtocolViolationException {
    boolean inline =
        hash.code() == Multihash.IDENTITY && hash.digest().length <= MAX_INLINE_KEY_LENGTH;
    if (!inline && hash.code() != Multihash.SHA2_256) {
      throw new ProtocolViolationException("the multihash is not that of a peer id");
    }
    return new PeerId(hash.toBytes());
  }

  /** The public key, where the id contains it (Ed25519, secp256k1) and it is a valid one. */
  public Optional<PublicKey> publicKey() {
    try {
      Multihash hash = Multihash.fromBytes(bytes);
      return hash.code() == Multihash.IDENTITY
          ? Optional.of(PublicKey.fromProtobuf(hash.digest()))
          : Optional.empty();
    } catch (ProtocolViolationException e) {
      return Optional.empty();
    }
  }

  /** Whether this is the id of {@code key}. */
  public boolean matches(PublicKey key) {
    return of(key).equals(this);
  }

  /** The multihash. */
  public byte[] toBytes() {
    return bytes.clone();
  }

  /** The CID form, for places that expect one. */
  public Cid toCid() {
    try {
      return Cid.of(Cid.LIBP2P_KEY, Multihash.fromBytes(bytes));
    } catch (ProtocolViolationException e) {
      throw new IllegalStateException("a peer id is a multihash", e);
    }
  }

  @Override
  public int compareTo(PeerId other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PeerId that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    int known = hash;
    if (known == 0) {
      known = Arrays.hashCode(bytes);
      hash = known;
    }
    return known;
  }

  /** The base58 form. */
  @Override
  public String toString() {
    return Base58.encode(bytes);
  }
}
