package io.infernet.libp2p.peer;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.crypto.generators.ECKeyPairGenerator;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECKeyGenerationParameters;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.signers.ECDSASigner;
import org.bouncycastle.crypto.signers.StandardDSAEncoding;
import org.bouncycastle.math.ec.FixedPointCombMultiplier;
import org.bouncycastle.util.BigIntegers;

/**
 * ECDSA on secp256k1 with SHA-256: compressed points, 32-byte secrets, DER signatures with low s
 * (BIP 62) and nonces from RFC 6979.
 */
final class Secp256k1Scheme implements KeyScheme {

  private static final int SECRET_LENGTH = 32;
  private static final int COMPRESSED_LENGTH = 33;

  private final ECDomainParameters domain = Secp256k1.DOMAIN;

  @Override
  public AsymmetricKeyParameter decodePublic(byte[] data) throws ProtocolViolationException {
    if (data.length != COMPRESSED_LENGTH) {
      throw new ProtocolViolationException(
          "secp256k1 key has " + data.length + " bytes, not " + COMPRESSED_LENGTH);
    }
    try {
      return new ECPublicKeyParameters(domain.getCurve().decodePoint(data), domain);
    } catch (IllegalArgumentException e) {
      throw new ProtocolViolationException("not a point of secp256k1", e);
    }
  }

  @Override
  public byte[] encodePublic(AsymmetricKeyParameter publicKey) {
    return ((ECPublicKeyParameters) publicKey).getQ().getEncoded(true);
  }

  @Override
  public AsymmetricKeyParameter decodePrivate(byte[] data) throws ProtocolViolationException {
    if (data.length != SECRET_LENGTH) {
      throw new ProtocolViolationException(
          "secp256k1 private key has " + data.length + " bytes, not " + SECRET_LENGTH);
    }
    try {
      return new ECPrivateKeyParameters(new BigInteger(1, data), domain);
    } catch (IllegalArgumentException e) {
      throw new ProtocolViolationException("not a secp256k1 private key", e);
    }
  }

  @Override
  public byte[] encodePrivate(AsymmetricKeyParameter privateKey) {
    return BigIntegers.asUnsignedByteArray(
        SECRET_LENGTH, ((ECPrivateKeyParameters) privateKey).getD());
  }

  @Override
  public AsymmetricKeyParameter publicKeyOf(AsymmetricKeyParameter privateKey) {
    BigInteger d = ((ECPrivateKeyParameters) privateKey).getD();
    return new ECPublicKeyParameters(
        new FixedPointCombMultiplier().multiply(domain.getG(), d), domain);
  }

  @Override
  public AsymmetricKeyParameter generate(SecureRandom random) {
    ECKeyPairGenerator generator = new ECKeyPairGenerator();
    generator.init(new ECKeyGenerationParameters(domain, random));
    return generator.generateKeyPair().getPrivate();
  }

  @Override
  public byte[] sign(AsymmetricKeyParameter privateKey, byte[] message) {
    Secp256k1.Signature signature =
        Secp256k1.sign((ECPrivateKeyParameters) privateKey, sha256(message));
    try {
      return StandardDSAEncoding.INSTANCE.encode(domain.getN(), signature.r(), signature.s());
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode a signature", e);
    }
  }

  @Override
  public boolean verify(AsymmetricKeyParameter publicKey, byte[] message, byte[] signature) {
    BigInteger[] rs;
    try {
      rs = StandardDSAEncoding.INSTANCE.decode(domain.getN(), signature);
    } catch (IOException | RuntimeException e) {
      return false;
    }
    if (rs[1].compareTo(Secp256k1.HALF_ORDER) > 0) {
      return false;
    }
    ECDSASigner verifier = new ECDSASigner();
    verifier.init(false, publicKey);
    return verifier.verifySignature(sha256(message), rs[0], rs[1]);
  }

  private static byte[] sha256(byte[] message) {
    SHA256Digest digest = new SHA256Digest();
    digest.update(message, 0, message.length);
    byte[] hash = new byte[digest.getDigestSize()];
    digest.doFinal(hash, 0);
    return hash;
  }

  static ECDomainParameters domain() {
    return new ECDomainParameters(CustomNamedCurves.getByOID(SECObjectIdentifiers.secp256k1));
  }
}
