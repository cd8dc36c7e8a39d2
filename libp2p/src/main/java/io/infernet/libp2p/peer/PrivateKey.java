package io.infernet.libp2p.peer;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.security.SecureRandom;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;

/** A peer's private key. Immutable and safe from any thread; never part of a log. */
public final class PrivateKey {

  /** Longest protobuf; an RSA key of 8192 bits has about 4700 bytes. */
  public static final int MAX_PROTOBUF_LENGTH = 5000;

  private final KeyType type;
  private final AsymmetricKeyParameter parameters;
  private final PublicKey publicKey;

  PrivateKey(KeyType type, AsymmetricKeyParameter parameters) {
    this.type = type;
    this.parameters = parameters;
    this.publicKey = new PublicKey(type, type.scheme().publicKeyOf(parameters));
  }

  /** A new key; RSA keys have 2048 bits and take a noticeable time. */
  public static PrivateKey generate(KeyType type, SecureRandom random) {
    return new PrivateKey(type, type.scheme().generate(random));
  }

  /**
   * Reads the protobuf in which libp2p implementations store keys.
   *
   * @throws ProtocolViolationException when it is too large or not a valid key
   */
  public static PrivateKey fromProtobuf(byte[] bytes) throws ProtocolViolationException {
    KeyEnvelope envelope = KeyEnvelope.fromBytes(bytes, MAX_PROTOBUF_LENGTH);
    KeyType type = envelope.type();
    return new PrivateKey(type, type.scheme().decodePrivate(envelope.data()));
  }

  public KeyType type() {
    return type;
  }

  public PublicKey publicKey() {
    return publicKey;
  }

  /**
   * Signs {@code message} as peer-ids.md says for the type. The same message always gets the same
   * signature.
   */
  public byte[] sign(byte[] message) {
    return type.scheme().sign(parameters, message);
  }

  /** The secret in the protobuf in which libp2p implementations store keys. */
  public byte[] toProtobuf() {
    return new KeyEnvelope(type, type.scheme().encodePrivate(parameters)).toBytes();
  }

  AsymmetricKeyParameter parameters() {
    return parameters;
  }

  /** Names the public key only. */
  @Override
  public String toString() {
    return "private key of " + publicKey;
  }
}
