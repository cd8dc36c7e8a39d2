package io.infernet.libp2p.peer;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import org.bouncycastle.crypto.digests.KeccakDigest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.signers.HMacDSAKCalculator;
import org.bouncycastle.math.ec.ECAlgorithms;
import org.bouncycastle.math.ec.ECPoint;
import org.bouncycastle.math.ec.FixedPointCombMultiplier;
import org.bouncycastle.util.BigIntegers;

/**
 * What the EVM does with secp256k1 keys: recoverable signatures of 32-byte digests (SEC 1 §4.1.6)
 * and Keccak-256.
 */
public final class Secp256k1 {

  /** Bytes of a digest that is signed. */
  public static final int DIGEST_LENGTH = 32;

  static final ECDomainParameters DOMAIN = Secp256k1Scheme.domain();

  /** Signatures with s above this are refused: each has a twin below it, BIP 62. */
  static final BigInteger HALF_ORDER = DOMAIN.getN().shiftRight(1);

  private Secp256k1() {}

  /**
   * A signature from which the signer's key follows.
   *
   * @param r in 1 … n−1
   * @param s in 1 … n/2
   * @param v 27 or 28: whether the y of the nonce's point is even or odd, Yellow Paper appendix F
   */
  public record Signature(BigInteger r, BigInteger s, int v) {

    /** Bytes of the encoding r ‖ s ‖ v. */
    public static final int LENGTH = 65;

    public Signature {
      if (r.signum() <= 0 || r.compareTo(DOMAIN.getN()) >= 0) {
        throw new IllegalArgumentException("r is out of range");
      }
      if (s.signum() <= 0 || s.compareTo(HALF_ORDER) > 0) {
        throw new IllegalArgumentException("s is out of range");
      }
      if (v != 27 && v != 28) {
        throw new IllegalArgumentException("v is " + v + ", not 27 or 28");
      }
    }

    /** r ‖ s ‖ v, as contracts and {@code eth_sign} have it. */
    public byte[] toBytes() {
      byte[] bytes = new byte[LENGTH];
      BigIntegers.asUnsignedByteArray(r, bytes, 0, 32);
      BigIntegers.asUnsignedByteArray(s, bytes, 32, 32);
      bytes[64] = (byte) v;
      return bytes;
    }

    /**
     * @throws IllegalArgumentException when the bytes are no such signature
     */
    public static Signature fromBytes(byte[] bytes) {
      if (bytes.length != LENGTH) {
        throw new IllegalArgumentException("a signature has 65 bytes, not " + bytes.length);
      }
      return new Signature(
          new BigInteger(1, bytes, 0, 32), new BigInteger(1, bytes, 32, 32), bytes[64]);
    }
  }

  /**
   * Signs a digest of 32 bytes; the same digest always gets the same signature (RFC 6979).
   *
   * @throws IllegalArgumentException when the key is of another type or the digest of another
   *     length
   */
  public static Signature sign(PrivateKey key, byte[] digest) {
    if (key.type() != KeyType.SECP256K1) {
      throw new IllegalArgumentException("a " + key.type() + " key cannot sign for the EVM");
    }
    return sign((ECPrivateKeyParameters) key.parameters(), digest);
  }

  static Signature sign(ECPrivateKeyParameters key, byte[] digest) {
    requireDigest(digest);
    BigInteger n = DOMAIN.getN();
    BigInteger e = new BigInteger(1, digest);
    BigInteger d = key.getD();
    HMacDSAKCalculator nonces = new HMacDSAKCalculator(new SHA256Digest());
    nonces.init(n, d, digest);
    while (true) {
      BigInteger k = nonces.nextK();
      ECPoint point = new FixedPointCombMultiplier().multiply(DOMAIN.getG(), k).normalize();
      BigInteger x = point.getAffineXCoord().toBigInteger();
      BigInteger s = BigIntegers.modOddInverse(n, k).multiply(e.add(d.multiply(x)).mod(n)).mod(n);
      // x ≥ n would need a third recovery bit; it happens once in 2^127 signatures.
      if (x.signum() != 0 && x.compareTo(n) < 0 && s.signum() != 0) {
        boolean odd = point.getAffineYCoord().testBitZero();
        boolean high = s.compareTo(HALF_ORDER) > 0;
        return new Signature(x, high ? n.subtract(s) : s, odd != high ? 28 : 27);
      }
    }
  }

  /** The key that signed {@code digest}, or none when the signature fits no key. */
  public static Optional<PublicKey> recover(byte[] digest, Signature signature) {
    requireDigest(digest);
    Objects.requireNonNull(signature, "signature is null");
    BigInteger n = DOMAIN.getN();
    byte[] compressed = new byte[33];
    compressed[0] = (byte) (signature.v() == 27 ? 2 : 3);
    BigIntegers.asUnsignedByteArray(signature.r(), compressed, 1, 32);
    ECPoint point;
    try {
      point = DOMAIN.getCurve().decodePoint(compressed);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    BigInteger inverse = BigIntegers.modOddInverse(n, signature.r());
    BigInteger u1 = new BigInteger(1, digest).negate().multiply(inverse).mod(n);
    BigInteger u2 = signature.s().multiply(inverse).mod(n);
    ECPoint key = ECAlgorithms.sumOfTwoMultiplies(DOMAIN.getG(), u1, point, u2).normalize();
    return key.isInfinity()
        ? Optional.empty()
        : Optional.of(new PublicKey(KeyType.SECP256K1, new ECPublicKeyParameters(key, DOMAIN)));
  }

  /** Keccak-256 as the EVM has it, before the padding of SHA-3 was settled. */
  public static byte[] keccak256(byte[] data) {
    KeccakDigest digest = new KeccakDigest(256);
    digest.update(data, 0, data.length);
    byte[] hash = new byte[digest.getDigestSize()];
    digest.doFinal(hash, 0);
    return hash;
  }

  /**
   * The 20 bytes of a key's address: the end of the hash of its point.
   *
   * @throws IllegalArgumentException when the key is of another type
   */
  static byte[] address(PublicKey key) {
    if (key.type() != KeyType.SECP256K1) {
      throw new IllegalArgumentException("a " + key.type() + " key has no EVM address");
    }
    byte[] point = ((ECPublicKeyParameters) key.parameters()).getQ().getEncoded(false);
    return Arrays.copyOfRange(keccak256(Arrays.copyOfRange(point, 1, point.length)), 12, 32);
  }

  private static void requireDigest(byte[] digest) {
    if (digest.length != DIGEST_LENGTH) {
      throw new IllegalArgumentException("a digest has 32 bytes, not " + digest.length);
    }
  }
}
