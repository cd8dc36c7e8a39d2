package io.infernet.libp2p.testing;

import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.peer.PublicKey;
import java.security.SecureRandom;
import java.util.SplittableRandom;

/** Identities that are the same in every run: number n of a key type follows from n. */
public final class TestIdentities {

  private TestIdentities() {}

  /** The key number {@code n} of a type; an RSA key takes a second or so to make. */
  public static PrivateKey privateKey(KeyType type, int n) {
    return PrivateKey.generate(type, new RepeatableRandom(n));
  }

  /** The secp256k1 key number {@code n}. */
  public static PrivateKey privateKey(int n) {
    return privateKey(KeyType.SECP256K1, n);
  }

  public static PublicKey publicKey(int n) {
    return privateKey(n).publicKey();
  }

  public static PeerId peerId(int n) {
    return PeerId.of(publicKey(n));
  }

  /** Random bytes that are neither secure nor different from run to run. */
  private static final class RepeatableRandom extends SecureRandom {

    private static final long serialVersionUID = 1L;

    private final transient SplittableRandom source;

    RepeatableRandom(long seed) {
      source = new SplittableRandom(seed);
    }

    @Override
    public void nextBytes(byte[] bytes) {
      source.nextBytes(bytes);
    }
  }
}
