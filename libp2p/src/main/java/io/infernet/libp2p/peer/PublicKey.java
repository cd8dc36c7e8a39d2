package io.infernet.libp2p.peer;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.util.Arrays;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;

/** A peer's public key, checked to be a valid one of its type. An immutable value. */
public final class PublicKey {

  /** Longest protobuf; an RSA key of 8192 bits has about 1070 bytes. */
  public static final int MAX_PROTOBUF_LENGTH = 1200;

  private final KeyType type;
  private final byte[] raw;
  private final AsymmetricKeyParameter parameters;

  PublicKey(KeyType type, AsymmetricKeyParameter parameters) {
    this.type = type;
    this.parameters = parameters;
    this.raw = type.scheme().encodePublic(parameters);
  }

  /**
   * Reads the protobuf that peers exchange.
   *
   * @throws ProtocolViolationException when it is too large, not the deterministic encoding, or not
   *     a valid key
   */
  public static PublicKey fromProtobuf(byte[] bytes) throws ProtocolViolationException {
    KeyEnvelope envelope = KeyEnvelope.fromBytes(bytes, MAX_PROTOBUF_LENGTH);
    return fromRaw(envelope.type(), envelope.data());
  }

  /**
   * Reads a key in its type's own encoding, the {@code Data} field of the protobuf.
   *
   * @throws ProtocolViolationException when it is not a valid key in canonical encoding
   */
  public static PublicKey fromRaw(KeyType type, byte[] raw) throws ProtocolViolationException {
    PublicKey key = new PublicKey(type, type.scheme().decodePublic(raw));
    if (!Arrays.equals(key.raw, raw)) {
      throw new ProtocolViolationException("public key is not in its canonical encoding");
    }
    return key;
  }

  public KeyType type() {
    return type;
  }

  /**
   * The key in its type's own encoding: 32 bytes for Ed25519, a compressed point of 33 for
   * secp256k1, DER SubjectPublicKeyInfo for RSA and ECDSA.
   */
  public byte[] raw() {
    return raw.clone();
  }

  /** The deterministic protobuf, from which the peer id is made. */
  public byte[] toProtobuf() {
    return new KeyEnvelope(type, raw).toBytes();
  }

  /** Whether the holder of the private key signed {@code message}. */
  public boolean verify(byte[] message, byte[] signature) {
    return type.scheme().verify(parameters, message, signature);
  }

  AsymmetricKeyParameter parameters() {
    return parameters;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PublicKey that && type == that.type && Arrays.equals(raw, that.raw);
  }

  @Override
  public int hashCode() {
    return type.hashCode() * 31 + Arrays.hashCode(raw);
  }

  /** The type and the peer id. */
  @Override
  public String toString() {
    return type + " " + PeerId.of(this);
  }
}
