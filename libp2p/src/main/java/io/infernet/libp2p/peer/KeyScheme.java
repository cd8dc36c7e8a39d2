package io.infernet.libp2p.peer;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.security.SecureRandom;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;

/** One key type's encodings and signatures, peer-ids.md "Key Types". Stateless. */
interface KeyScheme {

  /** Reads and checks the {@code Data} field of a public key. */
  AsymmetricKeyParameter decodePublic(byte[] data) throws ProtocolViolationException;

  byte[] encodePublic(AsymmetricKeyParameter publicKey);

  /** Reads and checks the {@code Data} field of a private key. */
  AsymmetricKeyParameter decodePrivate(byte[] data) throws ProtocolViolationException;

  byte[] encodePrivate(AsymmetricKeyParameter privateKey);

  AsymmetricKeyParameter publicKeyOf(AsymmetricKeyParameter privateKey);

  /** A new private key. */
  AsymmetricKeyParameter generate(SecureRandom random);

  byte[] sign(AsymmetricKeyParameter privateKey, byte[] message);

  /** Whether the signature holds; false too when it is malformed. */
  boolean verify(AsymmetricKeyParameter publicKey, byte[] message, byte[] signature);
}
