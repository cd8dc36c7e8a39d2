package io.infernet.libp2p.peer;

import io.infernet.libp2p.host.ProtocolViolationException;

/** The kinds of keys a peer can have, peer-ids.md "Key Types". */
public enum KeyType {
  /** 2048 to 8192 bits, PKCS#1 v1.5 signatures over SHA-256. */
  RSA(0),
  ED25519(1),
  /** The curve of Bitcoin and the EVM. */
  SECP256K1(2),
  /** NIST P-256. */
  ECDSA(3);

  private final int code;

  KeyType(int code) {
    this.code = code;
  }

  /** The number in the key's protobuf. */
  public int code() {
    return code;
  }

  static KeyType ofCode(long code) throws ProtocolViolationException {
    for (KeyType type : values()) {
      if (type.code == code) {
        return type;
      }
    }
    throw new ProtocolViolationException("unknown key type " + code);
  }

  /** The algorithm; its classes load when a key of this type is first used. */
  KeyScheme scheme() {
    return switch (this) {
      case RSA -> new RsaScheme();
      case ED25519 -> new Ed25519Scheme();
      case SECP256K1 -> new Secp256k1Scheme();
      case ECDSA -> new EcdsaScheme();
    };
  }
}
