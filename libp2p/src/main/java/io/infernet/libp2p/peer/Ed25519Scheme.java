package io.infernet.libp2p.peer;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.security.SecureRandom;
import java.util.Arrays;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.signers.Ed25519Signer;

/** Ed25519, RFC 8032 §5.1. Private keys are stored as seed and public key. */
final class Ed25519Scheme implements KeyScheme {

  private static final int KEY_LENGTH = 32;

  @Override
  public AsymmetricKeyParameter decodePublic(byte[] data) throws ProtocolViolationException {
    if (data.length != KEY_LENGTH) {
      throw new ProtocolViolationException("Ed25519 key has " + data.length + " bytes, not 32");
    }
    try {
      return new Ed25519PublicKeyParameters(data);
    } catch (IllegalArgumentException e) {
      throw new ProtocolViolationException("not an Ed25519 public key", e);
    }
  }

  @Override
  public byte[] encodePublic(AsymmetricKeyParameter publicKey) {
    return ((Ed25519PublicKeyParameters) publicKey).getEncoded();
  }

  @Override
  public AsymmetricKeyParameter decodePrivate(byte[] data) throws ProtocolViolationException {
    // The old form repeats the public key.
    if (data.length != 2 * KEY_LENGTH && data.length != 3 * KEY_LENGTH) {
      throw new ProtocolViolationException(
          "Ed25519 private key has " + data.length + " bytes, not 64");
    }
    Ed25519PrivateKeyParameters key = new Ed25519PrivateKeyParameters(data, 0);
    byte[] publicKey = key.generatePublicKey().getEncoded();
    for (int at = KEY_LENGTH; at < data.length; at += KEY_LENGTH) {
      if (!Arrays.equals(data, at, at + KEY_LENGTH, publicKey, 0, KEY_LENGTH)) {
        throw new ProtocolViolationException("Ed25519 private and public key do not match");
      }
    }
    return key;
  }

  @Override
  public byte[] encodePrivate(AsymmetricKeyParameter privateKey) {
    Ed25519PrivateKeyParameters key = (Ed25519PrivateKeyParameters) privateKey;
    byte[] data = new byte[2 * KEY_LENGTH];
    key.encode(data, 0);
    key.generatePublicKey().encode(data, KEY_LENGTH);
    return data;
  }

  @Override
  public AsymmetricKeyParameter publicKeyOf(AsymmetricKeyParameter privateKey) {
    return ((Ed25519PrivateKeyParameters) privateKey).generatePublicKey();
  }

  @Override
  public AsymmetricKeyParameter generate(SecureRandom random) {
    return new Ed25519PrivateKeyParameters(random);
  }

  @Override
  public byte[] sign(AsymmetricKeyParameter privateKey, byte[] message) {
    Ed25519Signer signer = new Ed25519Signer();
    signer.init(true, privateKey);
    signer.update(message, 0, message.length);
    return signer.generateSignature();
  }

  @Override
  public boolean verify(AsymmetricKeyParameter publicKey, byte[] message, byte[] signature) {
    Ed25519Signer signer = new Ed25519Signer();
    signer.init(false, publicKey);
    signer.update(message, 0, message.length);
    return signer.verifySignature(signature);
  }
}
