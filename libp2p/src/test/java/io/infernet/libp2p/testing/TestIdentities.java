package io.infernet.libp2p.testing;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.peer.PublicKey;
import java.util.Arrays;

/** Identities that are the same in every run. */
public final class TestIdentities {

  private TestIdentities() {}

  /** The secp256k1 key number {@code n}, from 1. */
  public static PrivateKey privateKey(int n) {
    // Private key protobuf: field 1 the type, field 2 the 32 bytes of the scalar.
    byte[] protobuf = new byte[4 + 32];
    Arrays.fill(protobuf, 4, protobuf.length - 4, (byte) 1);
    protobuf[0] = 8;
    protobuf[1] = (byte) KeyType.SECP256K1.code();
    protobuf[2] = 18;
    protobuf[3] = 32;
    for (int i = 0; i < 4; i++) {
      protobuf[protobuf.length - 1 - i] = (byte) (n >>> (8 * i));
    }
    try {
      return PrivateKey.fromProtobuf(protobuf);
    } catch (ProtocolViolationException e) {
      throw new IllegalArgumentException("no key number " + n, e);
    }
  }

  public static PublicKey publicKey(int n) {
    return privateKey(n).publicKey();
  }

  public static PeerId peerId(int n) {
    return PeerId.of(publicKey(n));
  }
}
