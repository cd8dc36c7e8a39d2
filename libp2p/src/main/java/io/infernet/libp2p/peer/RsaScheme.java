package io.infernet.libp2p.peer;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.CryptoException;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.generators.RSAKeyPairGenerator;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.RSAKeyGenerationParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.params.RSAPrivateCrtKeyParameters;
import org.bouncycastle.crypto.signers.RSADigestSigner;

/** RSA with PKCS#1 v1.5 signatures over SHA-256: PKIX public keys, PKCS#1 private keys. */
final class RsaScheme implements KeyScheme {

  /** Smallest modulus; go-libp2p's limit too. */
  private static final int MIN_BITS = 2048;

  /**
   * Largest modulus, so that a stranger's key costs milliseconds at most; go-libp2p's limit too.
   */
  private static final int MAX_BITS = 8192;

  /** Larger exponents make verifying slow and are not in use; Go's limit too. */
  private static final int MAX_EXPONENT_BITS = 31;

  private static final BigInteger PUBLIC_EXPONENT = BigInteger.valueOf(65537);

  /** Error probability 2^-100, FIPS 186-4 table C.3. */
  private static final int CERTAINTY = 100;

  @Override
  public AsymmetricKeyParameter decodePublic(byte[] data) throws ProtocolViolationException {
    try {
      SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(data);
      RSAPublicKey key = RSAPublicKey.getInstance(info.parsePublicKey());
      return publicKey(key.getModulus(), key.getPublicExponent());
    } catch (IOException | RuntimeException e) {
      throw new ProtocolViolationException("not an RSA public key", e);
    }
  }

  @Override
  public byte[] encodePublic(AsymmetricKeyParameter publicKey) {
    RSAKeyParameters key = (RSAKeyParameters) publicKey;
    try {
      return new SubjectPublicKeyInfo(
              new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
              new RSAPublicKey(key.getModulus(), key.getExponent()))
          .getEncoded(ASN1Encoding.DER);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode an RSA key", e);
    }
  }

  @Override
  public AsymmetricKeyParameter decodePrivate(byte[] data) throws ProtocolViolationException {
    try {
      RSAPrivateKey key = RSAPrivateKey.getInstance(data);
      publicKey(key.getModulus(), key.getPublicExponent());
      BigInteger p = key.getPrime1();
      BigInteger q = key.getPrime2();
      BigInteger d = key.getPrivateExponent();
      BigInteger e = key.getPublicExponent();
      boolean consistent =
          p.signum() > 0
              && q.signum() > 0
              && p.multiply(q).equals(key.getModulus())
              && isInverse(d, e, p)
              && isInverse(d, e, q)
              && key.getExponent1().equals(d.mod(p.subtract(BigInteger.ONE)))
              && key.getExponent2().equals(d.mod(q.subtract(BigInteger.ONE)))
              && key.getCoefficient().multiply(q).mod(p).equals(BigInteger.ONE);
      if (!consistent) {
        throw new ProtocolViolationException("the parts of the RSA private key do not fit");
      }
      return new RSAPrivateCrtKeyParameters(
          key.getModulus(),
          e,
          d,
          p,
          q,
          key.getExponent1(),
          key.getExponent2(),
          key.getCoefficient(),
          true);
    } catch (RuntimeException e) {
      throw new ProtocolViolationException("not an RSA private key", e);
    }
  }

  @Override
  public byte[] encodePrivate(AsymmetricKeyParameter privateKey) {
    RSAPrivateCrtKeyParameters key = (RSAPrivateCrtKeyParameters) privateKey;
    try {
      return new RSAPrivateKey(
              key.getModulus(),
              key.getPublicExponent(),
              key.getExponent(),
              key.getP(),
              key.getQ(),
              key.getDP(),
              key.getDQ(),
              key.getQInv())
          .getEncoded(ASN1Encoding.DER);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode an RSA key", e);
    }
  }

  @Override
  public AsymmetricKeyParameter publicKeyOf(AsymmetricKeyParameter privateKey) {
    RSAPrivateCrtKeyParameters key = (RSAPrivateCrtKeyParameters) privateKey;
    return publicKey(key.getModulus(), key.getPublicExponent());
  }

  @Override
  public AsymmetricKeyParameter generate(SecureRandom random) {
    RSAKeyPairGenerator generator = new RSAKeyPairGenerator();
    generator.init(new RSAKeyGenerationParameters(PUBLIC_EXPONENT, random, MIN_BITS, CERTAINTY));
    AsymmetricCipherKeyPair pair = generator.generateKeyPair();
    return pair.getPrivate();
  }

  @Override
  public byte[] sign(AsymmetricKeyParameter privateKey, byte[] message) {
    RSADigestSigner signer = new RSADigestSigner(new SHA256Digest());
    signer.init(true, privateKey);
    signer.update(message, 0, message.length);
    try {
      return signer.generateSignature();
    } catch (CryptoException e) {
      throw new IllegalStateException("cannot sign with an RSA key", e);
    }
  }

  @Override
  public boolean verify(AsymmetricKeyParameter publicKey, byte[] message, byte[] signature) {
    RSADigestSigner signer = new RSADigestSigner(new SHA256Digest());
    signer.init(false, publicKey);
    signer.update(message, 0, message.length);
    return signer.verifySignature(signature);
  }

  /**
   * The last argument of the constructor skips BouncyCastle's search for prime moduli, which takes
   * long with large keys; a peer with a weak key harms itself only.
   */
  private static RSAKeyParameters publicKey(BigInteger modulus, BigInteger exponent) {
    int bits = modulus.bitLength();
    if (modulus.signum() <= 0 || bits < MIN_BITS || bits > MAX_BITS || !modulus.testBit(0)) {
      throw new IllegalArgumentException("an RSA modulus cannot have " + bits + " bits or be even");
    }
    if (exponent.bitLength() > MAX_EXPONENT_BITS
        || exponent.compareTo(BigInteger.valueOf(3)) < 0
        || !exponent.testBit(0)) {
      throw new IllegalArgumentException("unusual RSA exponent");
    }
    return new RSAKeyParameters(false, modulus, exponent, true);
  }

  private static boolean isInverse(BigInteger d, BigInteger e, BigInteger prime) {
    BigInteger order = prime.subtract(BigInteger.ONE);
    return order.signum() > 0 && d.multiply(e).mod(order).equals(BigInteger.ONE);
  }
}
