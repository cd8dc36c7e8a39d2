package io.infernet.libp2p.peer;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.crypto.generators.ECKeyPairGenerator;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECKeyGenerationParameters;
import org.bouncycastle.crypto.params.ECNamedDomainParameters;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.signers.DSADigestSigner;
import org.bouncycastle.crypto.signers.ECDSASigner;
import org.bouncycastle.crypto.signers.HMacDSAKCalculator;
import org.bouncycastle.math.ec.FixedPointCombMultiplier;

/** ECDSA on P-256 with SHA-256: PKIX public keys, SEC 1 private keys, DER signatures. */
final class EcdsaScheme implements KeyScheme {

  private static final int FIELD_BITS = 256;

  private final ECDomainParameters domain = domain();

  @Override
  public AsymmetricKeyParameter decodePublic(byte[] data) throws ProtocolViolationException {
    try {
      SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(data);
      requireP256(info.getAlgorithm());
      return new ECPublicKeyParameters(
          domain.getCurve().decodePoint(info.getPublicKeyData().getOctets()), domain);
    } catch (RuntimeException e) {
      throw new ProtocolViolationException("not an ECDSA public key on P-256", e);
    }
  }

  @Override
  public byte[] encodePublic(AsymmetricKeyParameter publicKey) {
    try {
      return new SubjectPublicKeyInfo(
              algorithm(), ((ECPublicKeyParameters) publicKey).getQ().getEncoded(false))
          .getEncoded(ASN1Encoding.DER);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode an ECDSA key", e);
    }
  }

  @Override
  public AsymmetricKeyParameter decodePrivate(byte[] data) throws ProtocolViolationException {
    try {
      ECPrivateKey key = ECPrivateKey.getInstance(data);
      if (!X9ObjectIdentifiers.prime256v1.equals(key.getParametersObject())) {
        throw new IllegalArgumentException("the curve is not P-256");
      }
      ECPrivateKeyParameters parameters = new ECPrivateKeyParameters(key.getKey(), domain);
      DERBitString publicKey =
          key.getPublicKey() == null ? null : new DERBitString(key.getPublicKey().getOctets());
      if (publicKey != null && !publicKey.equals(publicBits(parameters))) {
        throw new IllegalArgumentException("private and public key do not match");
      }
      return parameters;
    } catch (RuntimeException e) {
      throw new ProtocolViolationException("not an ECDSA private key on P-256", e);
    }
  }

  @Override
  public byte[] encodePrivate(AsymmetricKeyParameter privateKey) {
    ECPrivateKeyParameters key = (ECPrivateKeyParameters) privateKey;
    try {
      return new ECPrivateKey(
              FIELD_BITS, key.getD(), publicBits(key), X9ObjectIdentifiers.prime256v1)
          .getEncoded(ASN1Encoding.DER);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode an ECDSA key", e);
    }
  }

  @Override
  public ECPublicKeyParameters publicKeyOf(AsymmetricKeyParameter privateKey) {
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
    DSADigestSigner signer =
        new DSADigestSigner(
            new ECDSASigner(new HMacDSAKCalculator(new SHA256Digest())), new SHA256Digest());
    signer.init(true, privateKey);
    signer.update(message, 0, message.length);
    return signer.generateSignature();
  }

  @Override
  public boolean verify(AsymmetricKeyParameter publicKey, byte[] message, byte[] signature) {
    DSADigestSigner signer = new DSADigestSigner(new ECDSASigner(), new SHA256Digest());
    signer.init(false, publicKey);
    signer.update(message, 0, message.length);
    return signer.verifySignature(signature);
  }

  private DERBitString publicBits(ECPrivateKeyParameters privateKey) {
    return new DERBitString(publicKeyOf(privateKey).getQ().getEncoded(false));
  }

  private static void requireP256(AlgorithmIdentifier algorithm) {
    if (!algorithm.equals(algorithm())) {
      throw new IllegalArgumentException("the curve is not P-256");
    }
  }

  private static AlgorithmIdentifier algorithm() {
    return new AlgorithmIdentifier(
        X9ObjectIdentifiers.id_ecPublicKey, X9ObjectIdentifiers.prime256v1);
  }

  private static ECDomainParameters domain() {
    X9ECParameters curve = CustomNamedCurves.getByOID(X9ObjectIdentifiers.prime256v1);
    return new ECNamedDomainParameters(X9ObjectIdentifiers.prime256v1, curve);
  }
}
